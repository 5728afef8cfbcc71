import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Starting sessions, from each source.
@Suite(.serialized) struct SpawnTests {
    @Test func aSessionSpawnedOverHTTPIsListedStoppedAndRemembered() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            let children = try await home.control().post("list").body["children"]
            #expect(
                children == [
                    [
                        "startedBy": "runner", "happySessionId": .string(id),
                        "pid": .integer(Int64(process.pid)),
                    ]
                ])
            let answer = try await home.control().post("stop-session", ["sessionId": .string(id)])
            #expect(answer.body == ["success": true, "status": "stopped"])
            #expect(!isAlive(process))
            #expect(try await home.list().isEmpty)
            let past = try await home.history(id)
            #expect(past.stoppedBy == "http")
            #expect(past.spawnRequest?.source == "http" && past.spawnRequest?.outcome == "started")
            #expect(past.exit?.reason == "exited" && past.exit?.code == 0)
            let again = try await home.control().post("stop-session", ["sessionId": .string(id)])
            #expect(again.body == ["success": true, "status": "already_gone"])
        }
    }

    @Test func aSessionSpawnedFromTheShellIsStoppedFromTheShell() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let spawned = try await home.hapi(
                "runner", "spawn", "work", "--agent", "codex", "--json", in: home.root)
            #expect(spawned.status == 0, "\(spawned)")
            let id = try #require(try JSONValue(json: spawned.output)["sessionId"]?.string)
            let session = try await home.session(id)
            #expect(session.agent == "codex" && session.state == "running" && session.directory == home.work)
            let stopped = try await home.hapi("runner", "stop-session", "PID-\(session.pid ?? 0)")
            #expect(stopped.status == 0, "\(stopped)")
            let past = try await home.history(session.id)
            #expect(past.stoppedBy == "cli" && past.spawnRequest?.source == "cli")
            #expect(past.state == "ended")
            let again = try await home.hapi("runner", "stop-session", id)
            #expect(again.status == 0 && again.output.contains("already ended"))
            #expect(try await home.hapi("runner", "stop-session", "unknown").status == 1)
        }
    }

    @Test func aSessionIsStartedWithNothingOfTheRunnersOwn() async throws {
        let inherited = [
            "CLAUDECODE": "1", "HAPI_SESSION_ID": "outer", "HAPI_RUNNER_LAUNCH_ID": "outer",
            "HAPI_HOME": "home",
            "HAPI_WORKTREE_NAME": "outer", "CLAUDE_CONFIG_DIR": "/kept",
        ]
        try await TestHome.with { home in
            let started = try await home.hapi("runner", "start", changes: inherited, in: home.root)
            #expect(started.status == 0, "\(started)")
            let session = try await home.session(home.spawn("one", ["model": "opus", "yolo": true]))
            let trace = try #require(try home.trace(session.pid ?? 0))
            let flags = [
                "--hapi-starting-mode", "remote", "--started-by", "runner", "--model", "opus", "--yolo",
            ]
            #expect(Array(trace.argv.dropFirst()) == ["claude"] + flags)
            #expect(trace.cwd == session.directory)
            #expect(trace.sid == trace.pid && trace.pgid == trace.pid)
            let log = try #require(session.logPath)
            #expect(trace.fds == ["0": "/dev/null", "1": log, "2": log])
            #expect(trace.blocked.isEmpty)
            // Two that Python ignores, and two that the C library reserves.
            #expect(Set(trace.ignored).isSubset(of: [13, 25, 32, 33]))
            #expect(trace.env["HAPI_RUNNER_LAUNCH_ID"] == session.id)
            #expect(trace.env["HAPI_HOME"] == home.path)
            #expect(trace.env["CLAUDE_CONFIG_DIR"] == "/kept")
            for scrubbed in ["CLAUDECODE", "HAPI_SESSION_ID", "HAPI_WORKTREE_NAME"] {
                #expect(trace.env[scrubbed] == nil)
            }
            #expect(home.text(log)?.contains("session \(trace.sessionId ?? "")") == true)
        }
    }

    @Test func aSessionThatDoesNotReportInTimeIsAnsweredLateAndCanBeStopped() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "300"]) { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/mute", behaving: "mute")
            let answer = try await home.control().post("spawn-session", ["directory": .string(directory)])
            #expect(answer.status == 500)
            #expect(answer.body["error"]?.string?.contains("has not reported") == true, "\(answer)")
            let session = try #require(try await home.list().first)
            #expect(session.state == "starting" && session.happySessionId == nil)
            #expect(try await home.control().post("list").body == ["children": []])
            #expect(try await home.history(session.id).spawnRequest?.outcome == "late")
            #expect(try await home.hapi("runner", "stop-session", session.id).status == 0)
            #expect(!isAlive(session.pid ?? 0))
        }
    }

    @Test func aLateReportMakesTheSessionARunningOne() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "100"]) { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/slow", behaving: "slow=1")
            let answer = try await home.control().post("spawn-session", ["directory": .string(directory)])
            #expect(answer.status == 500)
            try await eventually("the report") { try await home.list().first?.state == "running" }
            #expect(try await home.list().first?.happySessionId != nil)
        }
    }

    @Test func aProgramThatIsNotThereIsALaunchFailure() async throws {
        try await TestHome.with(nil, ["HAPI_CLI_EXECUTABLE": "/nowhere/hapi"]) { home in
            try await home.startRunner()
            let answer = try await home.control().post("spawn-session", ["directory": .string(home.work)])
            #expect(answer.status == 500)
            #expect(answer.body["error"]?.string?.contains("/nowhere/hapi") == true, "\(answer)")
            #expect(try await home.list().isEmpty)
            let past = try #require(try await home.list(all: true).first)
            #expect(past.exit?.reason == "launch-failed")
            #expect(past.exit?.message?.contains("/nowhere/hapi") == true)
            #expect(try await home.history(past.id).spawnRequest?.outcome == "failed")
        }
    }

    @Test(arguments: [("exit=3", "3"), ("kill-self=SEGV", "SIGSEGV")])
    func anEndBeforeTheReportIsAnsweredWithHowAndTheLastOutput(behaviour: String, how: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/short", behaving: behaviour)
            let answer = try await home.control().post("spawn-session", ["directory": .string(directory)])
            let error = try #require(answer.body["error"]?.string)
            #expect(answer.status == 500)
            #expect(error.contains(how), "\(error)")
            #expect(error.contains(behaviour == "exit=3" ? "boom" : "session"), "\(error)")
            let exit = try #require(try await home.list(all: true).first?.exit)
            #expect(exit.code == 3 || exit.signal == "SIGSEGV")
        }
    }

    @Test func historyTellsHowEachEnded() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let exited = try await home.spawn("exited", behaving: "exit-after=7")
            let killed = try await home.spawn("killed", behaving: "kill-self-after=KILL")
            let first = try await home.ending(of: exited)
            #expect(first.reason == "exited" && first.code == 7 && first.signal == nil)
            let second = try await home.ending(of: killed)
            #expect(second.reason == "signaled" && second.signal == "SIGKILL" && second.code == nil)
            let kinds = try await home.history(killed).events?.map(\.kind) ?? []
            #expect(kinds.contains("reported") || kinds.contains("confirmed"), "\(kinds)")
        }
    }
}
