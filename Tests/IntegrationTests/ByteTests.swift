import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// Names that are not UTF-8 round-trip from edge to edge.
@Suite(.serialized) struct ByteTests {
    private static let odd = String(systemBytes: Array("odd".utf8) + [0xff, 0xfe])
    private static let shown = #"odd\xff\xfe"#

    @Test func aSessionWorksInTheDirectoryItWasGivenWhateverItsBytes() async throws {
        try await TestHome.with { home in
            let directory = "\(home.work)/\(Self.odd)"
            #expect(mkdir(directory, 0o700) == 0)
            try await home.startRunner([:], ["--workspace-root", directory])
            let spawned = try await home.hapi("runner", "spawn", ".", "--create-directory", in: directory)
            #expect(spawned.status == 0, "\(spawned)")
            #expect(entries(of: home.work).count == 1)
            let session = try #require(try await home.list().first)
            #expect(session.directory == "\(home.work)/\(Self.shown)")
            #expect(linkTarget("/proc/\(session.pid ?? 0)/cwd") == directory)
            let table = try await home.hapi("runner", "list").output
            #expect(table.contains(Self.shown), "\(table)")
            let outside = try await home.hapi("runner", "spawn", home.work)
            #expect(outside.status == 1 && outside.errors.contains("outside"), "\(outside)")
        }
    }

    @Test func argumentsVariablesAndTheHomeKeepTheirBytes() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", #"printf '%s|%s|%s' "$1" "$ODD" "$HAPI_HOME" > seen"#)
            let odd = "\(home.root)/\(Self.odd)"
            let variables = ["HAPI_HOME": odd, "ODD": Self.odd]
            try home.write("settings.json", #"{"runnerAutoStartWhenRunningHappy":false}"#)
            #expect(
                mkdir(odd, 0o700) == 0 && rename("\(home.root)/settings.json", "\(odd)/settings.json") == 0)
            let agent = try home.launch(["claude", Self.odd], variables, in: home.work)
            #expect(try await agent.ended() == 0, "\(agent.errors)")
            #expect(readFile("\(home.work)/seen") == "\(Self.odd)|\(Self.odd)|\(odd)".systemBytes)

            #expect(entries(of: odd).contains("runner.db"))
            let history = try home.launch(["runner", "history"], variables)
            #expect(
                try await history.ended() == 0 && history.output.contains("exit 0"),
                "\(history.errors)")
            let started = try home.launch(["runner", "start"], variables)
            #expect(try await started.ended() == 0, "\(started.errors)")
            let stopped = try home.launch(["runner", "stop"], variables)
            #expect(
                try await stopped.ended() == 0 && stopped.output.contains("Runner stopped"),
                "\(stopped.errors)")
        }
    }

    @Test func aWorktreeOfARepositoryWithSuchANameIsMadeInIt() async throws {
        try await TestHome.with { home in
            let repository = "\(home.work)/\(Self.odd)"
            #expect(mkdir(repository, 0o700) == 0)
            let script = "git init -q && git -c user.name=t -c user.email=t@t commit -q --allow-empty -m one"
            let git = try home.start(["/bin/sh", "-c", script], in: repository)
            try #require(try await git.ended() == 0, "\(git.errors)")
            try await home.startRunner()
            let spawned = try await home.hapi(
                "runner", "spawn", ".", "--worktree-name", "fix", in: repository)
            #expect(spawned.status == 0, "\(spawned)")
            let session = try #require(try await home.list().first)
            #expect(
                session.directory.contains(Self.shown) && session.directory != "\(home.work)/\(Self.shown)")
        }
    }

    @Test func aReportWithANULIsRefused() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            for body in [
                #"{"sessionId":"a\u0000b","metadata":{"hostPid":1}}"#,
                #"{"sessionId":"a","metadata":{"hostPid":1,"path":"/tmp\u0000x"}}"#,
            ] {
                let answer = try await home.control().send("session-started", Array(body.utf8))
                #expect(answer.status == 400 && "\(answer)".contains("NUL"), "\(answer)")
            }
        }
    }
}
