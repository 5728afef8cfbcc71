import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Whenever the runner is killed, the live processes are the live rows after its restart.
@Suite(.serialized) struct CrashTests {
    /// `ROUNDS` makes it a longer run.
    private static let rounds = getenv("ROUNDS").flatMap { Int(String(cString: $0)) } ?? 5

    @Test func killedAmidSixteenSpawnsItLosesNoneAndInventsNone() async throws {
        try await TestHome.with { home in
            for round in 0..<Self.rounds {
                try await home.startRunner()
                try await spawnSixteenAndKill(home, round)
                try await home.startRunner()
                try await expectRowsAreProcesses(home, "round \(round)")
                let twice = "SELECT count(*) FROM spawn_requests WHERE outcome = 'pending'"
                #expect(try await home.inStore(twice) == "0", "round \(round)")
                try await stopEverything(home)
            }
        }
    }

    /// Kills the runner at another moment of the spawns in each round.
    private func spawnSixteenAndKill(_ home: TestHome, _ round: Int) async throws {
        let control = try home.control()
        let directory = home.work
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<16 {
                group.addTask {
                    _ = try? await control.post("spawn-session", ["directory": .string(directory)])
                }
            }
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...80) + 60 * (round % 10)))
            try await home.killRunner()
            try await group.waitForAll()
        }
    }

    @Test(arguments: [
        "spawn-recorded", "spawn-launched", "monitor-claimed", "monitor-launched", "monitor-saw-exit",
        "adopted",
    ])
    func afterACrashAtEachStepTheRowsAreTheProcesses(step: String) async throws {
        try await TestHome.with { home in
            let status: Int32 = step == "adopted" ? 1 : 0
            let started = try await home.hapi("runner", "start", changes: ["HAPI_CRASH_AT": step])
            #expect(started.status == status, "\(started)")
            if step != "adopted" {
                let control = try home.control()
                _ = try? await control.post("spawn-session", ["directory": .string(home.work)])
                let session = try await home.list().first
                if step == "monitor-saw-exit", let id = session?.id {
                    _ = try await home.hapi("runner", "stop-session", id)
                }
            }
            if step.hasPrefix("monitor") || home.exists(home.stateFile) { try? await home.killRunner() }
            try await home.startRunner()
            try await expectRowsAreProcesses(home, "\(step)")
            let outcomes = try await home.inStore(
                "SELECT count(*) FROM spawn_requests WHERE outcome = 'pending'")
            #expect(outcomes == "0")
            let lives = ["spawn-launched", "monitor-launched"].contains(step)
            #expect(try await home.list().count == (lives ? 1 : 0))
            try await stopEverything(home)
        }
    }

    /// The stand-in sessions that live, and the rows that say so, once nothing is under way any more.
    private func expectRowsAreProcesses(
        _ home: TestHome, _ comment: Comment, location: SourceLocation = #_sourceLocation
    ) async throws {
        var sessions: [ListedSession] = []
        var processes: [pid_t] = []
        do {
            try await eventually("settled rows", location) {
                sessions = try await home.list()
                processes = home.sessionProcesses().sorted()
                let settled = sessions.allSatisfy {
                    $0.state == "running" && $0.adopted || $0.state == "starting"
                }
                return settled && sessions.map { $0.pid ?? 0 }.sorted() == processes
            }
        } catch is TimedOut {
            let rows = sessions.map { "\($0.pid ?? 0) \($0.state)\($0.adopted ? " adopted" : "") \($0.id)" }
            Issue.record("\(comment): rows \(rows), processes \(processes)", sourceLocation: location)
        }
        let launches = try processes.compactMap { try home.trace($0)?.env["HAPI_RUNNER_LAUNCH_ID"] }
        #expect(Set(launches).count == launches.count, comment, sourceLocation: location)
    }

    private func stopEverything(_ home: TestHome) async throws {
        let control = try home.control()
        let sessions = try await home.list()
        let answers = try await atOnce(sessions.count) { index in
            try await control.post("stop-session", ["sessionId": .string(sessions[index].id)])
        }
        #expect(answers.allSatisfy { $0.body["success"]?.bool == true }, "\(answers)")
        #expect(home.sessionProcesses().isEmpty)
        try await home.stopRunner()
    }
}
