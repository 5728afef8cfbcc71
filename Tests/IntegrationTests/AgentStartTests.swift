import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// From a spawn request to a working agent: the answer is what actually happened.
@Suite(.serialized) struct AgentStartTests {
    private static let own = ["HAPI_CLI_EXECUTABLE": Paths.program]

    static let unusable: [(program: String, words: String)] = [
        ("", "it is empty"),
        ("#!/no/such/shell\necho\n", "its interpreter /no/such/shell"),
        ("#!/bin/sh\r\nsleep 1000\r\n", "carriage return"),
        ("MZ\u{1}", "a program for Windows"),
        ("#!/bin/sh\necho not logged in\nexit 3\n", "exited with code 3. Its last output: not logged in"),
        ("#!/usr/bin/env no-such-node\n", "exited with code 127"),
    ]

    @Test func anAgentThatCannotWorkIsNoStartedSession() async throws {
        try await TestHome.with(nil, Self.own) { home in
            try await home.startRunner()
            for (program, words) in Self.unusable {
                try home.write("bin/claude", program, mode: 0o755)
                let answer = try await home.control().post("spawn-session", ["directory": .string(home.work)])
                let error = answer.body["error"]?.string ?? ""
                #expect(answer.status == 500 && error.contains(words), "\(words): \(answer)")
            }
            #expect(try await home.list().isEmpty)
        }
    }

    @Test func aScriptWithoutAFirstLineWorksAsInAShell() async throws {
        try await TestHome.with(nil, Self.own) { home in
            try home.write("bin/claude", "exec sleep 1000\n", mode: 0o755)
            try await home.startRunner()
            let process = try await home.process(of: try await home.spawn("one"))
            #expect(isAlive(process))
        }
    }

    @Test func theArchiveSaysWhoStoppedTheSession() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, Self.own) { home in
                try home.installAgent("claude", "exec sleep 1000")
                try await home.startRunner()
                let id = try await home.spawn("one")
                #expect(try await home.hapi("runner", "stop-session", id).status == 0)
                let row = try await eventually("the archive") {
                    try await hub.session(id).flatMap { $0["ended"]?["reason"] == nil ? nil : $0 }
                }
                #expect(row["metadata"]?["archiveReason"]?.string == "Stopped from the command line")
                #expect(row["ended"]?["reason"]?.string == "terminated")
            }
        }
    }

    @Test func theHubIsToldInWhichWorktreeASessionWorks() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, Self.own) { home in
                let script = """
                    git init -q -b main . && git -c user.name=x -c user.email=x@x commit -q --allow-empty -m x
                    """
                let git = try home.start(["/bin/sh", "-c", script], in: home.work)
                try #require(await git.ended(within: .seconds(20)) == 0, "\(git.errors)")
                try home.installAgent("claude", "exec sleep 1000")
                try await home.startRunner()
                let id = try await home.spawn("work", ["sessionType": "worktree", "worktreeName": "fix"])
                let row = try #require(try await hub.session(id))
                let worktree = row["metadata"]?["worktree"]
                #expect(worktree?["basePath"]?.string == home.work)
                #expect(worktree?["branch"]?.string == "hapi-fix" && worktree?["name"]?.string == "fix")
                #expect(worktree?["worktreePath"]?.string == home.work + "-worktrees/fix")
                #expect(worktree?["createdAt"]?.integer != nil)
            }
        }
    }

    @Test func aReportThatDoesNotComeIsAnsweredWithTheLastOutput() async throws {
        try await TestHub.with { hub in
            let environment = ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "400"]
            try await TestHome.with(hub, environment) { home in
                try home.write("mute", "#!/bin/sh\necho still thinking\nexec sleep 1000\n", mode: 0o755)
                try await home.startRunner(["HAPI_CLI_EXECUTABLE": home.root + "/mute"])
                let answer = try await hub.call(
                    "spawn-happy-session", ["directory": .string(home.work)], of: home)
                let words = answer["errorMessage"]?.string ?? ""
                #expect(words.contains("Its last output: still thinking"), "\(answer)")
                #expect(!words.contains("hapi runner"), "\(answer)")
            }
        }
    }

    /// As the kernel does when memory runs out: kills the session's process, and in one case its monitor too.
    @Test(arguments: [false, true])
    func anAgentThatOutlivesItsSessionIsShownAndCanBeEnded(withItsMonitor: Bool) async throws {
        try await TestHome.with(nil, Self.own) { home in
            try home.installAgent("claude", "exec sleep 1000")
            try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            let agent = try #require(
                ProcessTable.all().first { $0.parent == process.pid && !$0.isZombie }?.identity)
            if withItsMonitor { try await home.killUnseen(id) } else { #expect(killVerified(process)) }
            let words = "1 process left: sleep \(agent.pid)"
            try await eventually("what is left") {
                try await home.hapi("runner", "list").output.contains(words)
            }
            let status = try await home.hapi("runner", "status")
            #expect(status.output.contains("1 process left behind"), "\(status)")
            #expect(try await home.hapi("runner", "history").output.contains(words))
            #expect(isAlive(agent))
            let stop = try await home.hapi("runner", "stop-session", id)
            #expect(stop.status == 0 && stop.output.contains("Stopped "), "\(stop)")
            #expect(!isAlive(agent))
            #expect(try await !home.hapi("runner", "list").output.contains("left"))
            #expect(try await home.hapi("runner", "stop-session", id).output.contains("already"))
        }
    }

    /// One session cannot fill the disk, whether a runner is running or not.
    @Test func aSessionThatPrintsForEverIsBoundedWithoutARunner() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "100"]) { home in
            let script = "#!/bin/sh\necho the beginning\nread go < \(home.root)/go\nexec yes 0123456789\n"
            try home.write("noisy", script, mode: 0o755)
            #expect(mkfifo(home.root + "/go", 0o600) == 0)
            try await home.startRunner(["HAPI_CLI_EXECUTABLE": home.root + "/noisy"])
            _ = try await home.control().post("spawn-session", ["directory": .string(home.work)])
            let session = try #require(try await home.list().first)
            let log = try #require(session.logPath)
            try await home.stopRunner()
            let go = open(home.root + "/go", O_RDWR | O_CLOEXEC)
            defer { close(go) }
            #expect(write(go, "x\n", 2) == 2)
            try await eventually("the log to be cut") {
                grepped("the middle of this log was cut out", in: log)
            }
            let process = try #require(session.pid.flatMap(ProcessTable.identity))
            #expect(killVerified(process))
            try await eventually("a log within bounds", within: .seconds(10)) {
                var status = stat()
                return stat(log, &status) == 0 && status.st_size < 17 << 20
            }
            #expect(grepped("the beginning", in: log))
        }
    }

    /// Whether the first two MiB of a file contain a text.
    private func grepped(_ text: String, in path: String) -> Bool {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        var head = [UInt8](repeating: 0, count: 2 << 20)
        let count = read(file, &head, head.count)
        return String(decoding: head.prefix(max(0, count)), as: UTF8.self).contains(text)
    }
}
