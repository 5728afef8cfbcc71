import FoundationEssentials
import HubProtocol
import RunnerTestSupport
import Testing

/// Thousands of short sessions at once: a busy week in a minute.
///
/// With `ROUNDS`, a hundred sessions per round.
@Suite(.serialized) struct ChurnTests {
    private static let callers = 32
    private static let sessions = rounds(orDaily: 6) * 100
    /// Maximum growth of the idle runner, in KiB. A leak of 1 KiB per session would be 20 MB in a long run.
    private static let growth = 24 << 10

    @Test func sessionsThatComeAndGoCostTheRunnerNothing() async throws {
        let environment = [
            "HAPI_CLI_EXECUTABLE": Paths.briefSession, "BRIEF_MS": "100",
            "HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "30000",
        ]
        try await TestHome.with(nil, environment) { home in
            let runner = try await home.startRunner()
            let control = try home.control()
            try await spawn(100, home, control)
            try await eventually("the first ends", within: .seconds(60)) { try await unended(home) == 0 }
            let before = (descriptorCount(runner.pid), residentKiB(runner.pid))
            let began = ContinuousClock.now
            try await spawn(Self.sessions - 100, home, control)
            let took = ContinuousClock.now - began
            try await eventually("every end", within: .seconds(120)) { try await unended(home) == 0 }
            #expect(isAlive(runner))
            try await expectEveryEndAsItWas(home)
            try await eventually("no descriptor more than before", within: .seconds(60)) {
                descriptorCount(runner.pid) <= before.0 + 2
            }
            let after = (descriptorCount(runner.pid), residentKiB(runner.pid))
            #expect(after.1 <= before.1 + Self.growth)
            print(
                "churn: \(Self.sessions) sessions by \(Self.callers) callers, the last \(Self.sessions - 100) in",
                "\(took); descriptors \(before.0) → \(after.0), resident \(before.1) → \(after.1) KiB")
        }
    }

    /// Spawns `count` sessions with this many concurrent callers, and expects that each request is answered
    /// with a session.
    private func spawn(_ count: Int, _ home: TestHome, _ control: ControlPort) async throws {
        let body: JSONValue = ["directory": .string(home.work)]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for caller in 0..<Self.callers {
                group.addTask {
                    for _ in stride(from: caller, to: count, by: Self.callers) {
                        let answer = try await control.post("spawn-session", body)
                        #expect(answer.status == 200 && answer.body["sessionId"]?.string != nil, "\(answer)")
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func unended(_ home: TestHome) async throws -> Int {
        let query = "SELECT count(*) FROM sessions WHERE id NOT IN (SELECT launch_id FROM exits)"
        return Int(try await home.inStore(query)) ?? -1
    }

    /// A brief session exits with its pid modulo 90.
    private func expectEveryEndAsItWas(_ home: TestHome) async throws {
        let right = """
            SELECT count(*) FROM exits JOIN launches ON id = launch_id
            WHERE reason = 'exited' AND code = pid % 90 AND signal IS NULL
            """
        #expect(try await home.inStore(right) == "\(Self.sessions)")
        let processes = "SELECT count(DISTINCT pid || ' ' || start) FROM launches"
        #expect(try await home.inStore(processes) == "\(Self.sessions)")
        let answered = "SELECT count(*) FROM spawn_requests WHERE outcome = 'started'"
        #expect(try await home.inStore(answered) == "\(Self.sessions)")
    }
}
