import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// Sessions whose processes change to another user.
@Suite(.serialized, .enabled(if: geteuid() == 0, "needs root")) struct UserTests {
    private static let nobody = "/usr/bin/setpriv --reuid 65534 --regid 65534 --clear-groups"

    @Test func aSessionThatMayNotReportIsSaidToHaveBecomeAnotherUsers() async throws {
        try await TestHome.with { home in
            try home.write("bin/session", "#!/bin/sh\nexec \(Self.nobody) sleep 1000\n", mode: 0o755)
            try await home.startRunner([
                "HAPI_CLI_EXECUTABLE": home.root + "/bin/session", "HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "1000",
            ])
            let answer = try await home.control().post("spawn-session", ["directory": .string(home.work)])
            let error = try #require(answer.body["error"]?.string)
            #expect(
                error.contains("now runs as user 65534, and only the runner's user and root may report"))
            let session = try #require(try await home.list().first)
            #expect(session.state == "starting")
            #expect(try await home.hapi("runner", "stop-session", session.id).status == 0)
            #expect(try await home.list().isEmpty)
        }
    }

    @Test func anAgentThatIsAnotherUsersIsWatchedAndStoppedAsAny() async throws {
        try await TestHome.with(nil, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
            try home.installAgent("claude", "exec \(Self.nobody) sleep 1000")
            try await home.startRunner()
            let id = try await home.spawn("one")
            let session = try await home.process(of: id)
            let agents = ProcessTree.now().descendants(of: [session]) { _ in false }
            #expect(agents.contains { ProcessTable.otherUser(of: $0.pid) == 65534 })
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            #expect(agents.allSatisfy { !isAlive($0) })
        }
    }

    /// The runner runs as nobody and the agent as root: it cannot be ended, but stays recorded.
    @Test func whatAStopMayNotEndIsOnRecord() async throws {
        try await TestHome.with(nil, ["HAPI_CLI_EXECUTABLE": Paths.program], strays: true) { home in
            // As `su` and `sudo` do.
            let become = "\(home.root)/bin/become"
            let made = try home.start([
                "/bin/sh", "-c", "cp /usr/bin/setpriv \(become) && chmod 4755 \(become)",
            ])
            try #require(try await made.ended() == 0, "\(made.errors)")
            try home.installAgent("claude", "exec \(become) --reuid 0 --clear-groups sleep 1000")
            chmod(home.root, 0o755)
            for folder in [home.root, home.work] { try #require(chown(folder, 65534, 65534) == 0) }
            func asNobody(_ words: String...) async throws -> Int32 {
                let child = try home.start(
                    Self.nobody.split(separator: " ").map(String.init) + [Paths.program, "runner"] + words)
                return try await child.ended(within: .seconds(40))
            }
            try #require(try await asNobody("start", "--no-wait") == 0)
            try #require(try await asNobody("spawn", home.work, "--name", "one") == 0)
            #expect(try await asNobody("stop-session", "one") == 1)
            try await eventually("the record of what is left", within: .seconds(20)) {
                try await home.inStore("SELECT command FROM leftovers") == "sleep"
            }
            let pid = try #require(pid_t(try await home.inStore("SELECT pid FROM leftovers")))
            let agent = try #require(ProcessTable.identity(of: pid))
            #expect(ProcessTable.otherUser(of: agent.pid) == nil && killVerified(agent))
            #expect(try await asNobody("stop") == 0)
        }
    }
}
