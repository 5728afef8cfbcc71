import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerTestSupport
import Testing

/// Stopping a session ends everything it started, and nothing else.
@Suite(.serialized) struct StopSessionTests {
    @Test(arguments: ["helper", "setsid-helper", "wrapper", "ignore-term", "helper,setsid-helper,wrapper"])
    func aStopTakesTheWholeTree(behaviour: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: behaviour)
            let other = try await home.process(of: home.spawn("other"))
            let session = try await home.session(id)
            let family = try members(home, session)
            #expect(family.count > 1 || behaviour == "ignore-term")
            let answer = try await home.control().post("stop-session", ["sessionId": .string(id)])
            #expect(answer.body == ["success": true, "status": "stopped"])
            #expect(family.filter(isAlive).isEmpty)
            #expect(isAlive(other))
            let exit = try await home.ending(of: id)
            #expect(exit.signal == (behaviour == "ignore-term" ? "SIGKILL" : nil))
        }
    }

    /// The helper has no environment and no parent, and replaces its process every 30 ms.
    @Test func aHelperThatHidesIsEndedToo() async throws {
        func heads() -> Int {
            ProcessTable.all().count { process in
                ProcessTable.arguments(of: process.identity.pid).contains { $0.hasSuffix("# hydra\n") }
            }
        }
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "hydra")
            try await eventually("the helper") { heads() > 0 }
            let stopped = try await home.hapi("runner", "stop-session", id)
            #expect(stopped.status == 0, "\(stopped)")
            #expect(heads() == 0)
            #expect(try await home.ending(of: id).code == 0)
        }
    }

    @Test func helpersThatOutliveTheirSessionAreLeftAlone() async throws {
        try await TestHome.with(strays: true) { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "setsid-helper,exit-after=0")
            let exit = try await home.ending(of: id)
            #expect(exit.reason == "exited" && exit.code == 0)
            let helper = try #require(try home.allTraces().first?.helpers?.first)
            #expect(isAlive(helper))
            #expect(try await home.inStore("SELECT helpers FROM exits") == "1")
        }
    }

    @Test func aStopThatTheRunnerDoesNotSurviveIsFinishedByTheNext() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "ignore-term")
            let process = try await home.process(of: id)
            let stop = try home.launch(["runner", "stop-session", id])
            try await eventually("the wish on record") { try await home.session(id).state == "stopping" }
            try await home.killRunner()
            #expect(try await stop.ended() != 0)
            #expect(isAlive(process))
            #expect(try await home.session(id).state == "stopping")
            try await home.startRunner()
            try await eventually("the session's end") { !isAlive(process) }
            try await home.ending(of: id)
            #expect(try await home.history(id).stoppedBy == "cli")
        }
    }

    @Test func stoppingASessionSparesARunnerThatWasStartedInsideIt() async throws {
        let own = ["HAPI_CLI_EXECUTABLE": Paths.program]
        try await TestHome.with(nil, own) { home in
            try home.installAgent(
                "claude",
                """
                [ -e nested ] && { until [ -e go ]; do sleep 0.05; done; \(Paths.program) runner start --replace; }
                exec sleep 1000
                """)
            let outer = try await home.startRunner()
            let bystander = try await home.spawn("bystander")
            try home.write("work/nested", "")
            let answer = try await home.control().post("spawn-session", ["directory": .string(home.work)])
            let nesting = try #require(answer.body["sessionId"]?.string, "\(answer)")
            try home.write("work/go", "")
            try await eventually("the runner started inside the session") {
                // The state file is written once the runner answers, a little later than its row.
                try home.state()["pid"]?.integer.map { $0 != Int(outer.pid) } == true
            }
            let inner = try home.runner()
            let below = try await home.spawn("below")
            let others = [try await home.process(of: bystander), try await home.process(of: below)]

            #expect(try await home.hapi("runner", "stop-session", nesting).status == 0)
            #expect(
                try await home.list().compactMap(\.happySessionId).sorted() == [bystander, below].sorted())
            #expect(isAlive(inner) && others.allSatisfy(isAlive))
            #expect(try await home.control().post("list").status == 200)
        }
    }

    @Test func whatIsUnknownIsNotCalledGone() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            for name in ["unknown", "PID-1", "PID-0", "PID--1", "PID-x", ""] {
                let answer = try await home.control().post("stop-session", ["sessionId": .string(name)])
                #expect(answer.body == ["success": false, "status": "still_alive"], "\(name)")
            }
        }
    }

    @Test func aStrangerUnderASessionsPidIsNeverSignalled() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            try await home.killRunner()
            let stranger = try ChildProcess(["/bin/sleep", "100"])
            try await home.inStore("UPDATE launches SET pid = \(stranger.pid), monitor_pid = \(stranger.pid)")
            #expect(killVerified(process))
            #expect(try await home.list().isEmpty)
            try await home.startRunner()
            _ = try await home.hapi("runner", "stop-session", id)
            _ = try await home.hapi("runner", "stop-session", "PID-\(stranger.pid)")
            #expect(stranger.status == nil)
        }
    }

    /// The session's process and its helpers, according to the stand-ins.
    private func members(_ home: TestHome, _ session: ListedSession) throws -> [pid_t] {
        let pids = try home.allTraces().filter { $0.cwd == session.directory }
            .flatMap { [$0.pid] + ($0.helpers ?? []) + ($0.wrapped.map { [$0] } ?? []) }
        return Array(Set(pids + [session.pid ?? 0]))
    }
}
