import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerTestSupport
import Testing

/// Sessions survive a killed runner.
@Suite(.serialized) struct AdoptionTests {
    @Test func restartAdoptsEveryLiveSession() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "exec sleep 1000")
            try await home.startRunner()
            var ids: [String] = []
            for number in 1...6 { ids.append(try await home.spawn("session\(number)")) }
            let terminal = try home.launch(["claude"], in: home.work)
            try await eventually("the terminal session") { try await home.list().count == 7 }
            let before = try await home.list()
            #expect(before.filter { $0.startedBy != "runner" }.map(\.pid) == [terminal.pid])

            try await home.killRunner()
            let status = try await home.status()
            #expect(!status.running && status.lastRunner?.endReason == "crashed")
            #expect(status.sessions.live == 7)
            #expect(try await home.list().map(\.pid) == before.map(\.pid))

            let killed = try await home.process(of: ids[0])
            let asked = try await home.process(of: ids[1])
            #expect(killVerified(killed, SIGKILL) && killVerified(asked, SIGTERM))
            try await eventually("the two to be seen gone") { try await home.list().count == 5 }

            try await home.startRunner()
            let after = try await home.list()
            #expect(
                after.map(\.pid)
                    == before.filter { ![ids[0], ids[1]].contains($0.happySessionId) }.map(\.pid))
            #expect(after.allSatisfy { $0.adopted && $0.state == "running" })
            #expect(try await home.control().post("list").body["children"]?.array?.count == 5)
            let first = try await home.history(ids[0])
            #expect(
                first.exit?.reason == "signaled" && first.exit?.signal == "SIGKILL" && first.stoppedBy == nil)
            let second = try await home.history(ids[1])
            #expect(second.exit?.reason == "exited" && second.exit?.code == 0)

            try await stopAll(home, after)
            #expect(try await terminal.ended() != 0)
        }
    }

    private func stopAll(_ home: TestHome, _ sessions: [ListedSession]) async throws {
        let control = try home.control()
        let answers = try await atOnce(sessions.count) { index in
            try await control.post(
                "stop-session", ["sessionId": .string(sessions[index].happySessionId ?? "")])
        }
        #expect(answers.allSatisfy { $0.body["status"]?.string == "stopped" }, "\(answers)")
        #expect(sessions.compactMap(\.pid).filter { isAlive($0) }.isEmpty)
        #expect(try await home.list().isEmpty)
    }

    @Test func anAdoptedSessionsEndIsSeenAtOnce() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            try await home.killRunner()
            try await home.startRunner()
            #expect(killVerified(process))
            try await eventually("the end on record", within: .seconds(2)) {
                try await home.control().post("list").body == ["children": []]
            }
            #expect(try await home.ending(of: id).signal == "SIGKILL")
        }
    }

    @Test func aSessionThatReportsWhileNoRunnerRunsIsAdoptedWithoutAnID() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "100"]) { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/gap", behaving: "slow=0.5")
            _ = try await home.control().post("spawn-session", ["directory": .string(directory)])
            let pid = try #require(try await home.list().first?.pid)
            try await home.killRunner()
            try await eventually("the report into the gap") { home.exists("\(home.traces)/\(pid).report") }
            try await home.startRunner()
            let session = try #require(try await home.list().first)
            #expect(
                session.pid == pid && session.adopted && session.state == "running"
                    && session.happySessionId == nil)
            #expect(try await home.hapi("runner", "stop-session", "PID-\(pid)").status == 0)
            #expect(!isAlive(pid))
        }
    }

    @Test func aNoisySessionNeitherBlocksNorDiesWhileNoRunnerRuns() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "100"]) { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/noisy", behaving: "mute,slow=0.7,noise=10485760")
            _ = try await home.control().post("spawn-session", ["directory": .string(directory)])
            let pid = try #require(try await home.list().first?.pid)
            try await home.killRunner()
            #expect(!home.exists("\(home.traces)/\(pid).noise-done"))
            try await eventually("the end of the noise") { home.exists("\(home.traces)/\(pid).noise-done") }
            #expect(isAlive(pid))
            try await home.startRunner()
            #expect(try await home.list().map(\.pid) == [pid])
        }
    }

    @Test func aSessionWhoseMonitorWasKilledIsKeptAndItsEndIsNotInvented() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "setsid-helper")
            let process = try await home.process(of: id)
            let monitor = try #require(ProcessTable.status(of: process.pid)?.parent)
            let monitorProcess = try #require(ProcessTable.identity(of: monitor))
            #expect(killVerified(monitorProcess))
            try await always("the session runs on", for: .milliseconds(500)) {
                try await home.session(id).state == "running"
            }
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            #expect(!isAlive(process))
            #expect(try await home.ending(of: id).reason == "vanished")
        }
    }
}
