import Glibc
import Home
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

@testable import RunnerStore

/// How a session ended is known, whatever its runner was doing at that moment.
@Suite(.serialized) struct ExitTests {
    /// What the runner is doing when its sessions end.
    enum Moment: Sendable, CustomTestStringConvertible {
        case up, down
        /// Suspended at a named step of its start until they have ended.
        case starting(at: String)

        var testDescription: String { if case .starting(let step) = self { step } else { "\(self)" } }
    }

    private static let moments: [Moment] = [.up, .down, .starting(at: "adoption-observed")]

    /// What sessions do, and the exit to be recorded.
    private static let ends: [(behaviour: String, exit: ListedSession.Exit)] = [
        ("exit-after=0", .init("exited", code: 0)), ("exit-after=3", .init("exited", code: 3)),
        ("exit-after=255", .init("exited", code: 255)),
        ("kill-self-after=KILL", .init("signaled", signal: "SIGKILL")),
        ("kill-self-after=SEGV", .init("signaled", signal: "SIGSEGV")),
    ]

    @Test(arguments: moments + [.starting(at: "adopted")]) func everyEndIsOnRecordAsItWas(moment: Moment)
        async throws
    {
        try await TestHome.with { home in
            try await home.startRunner()
            var signal = try StartSignal(home)
            let ids = try await atOnce(Self.ends.count) { number in
                (
                    number,
                    try await home.spawn("\(number)", behaving: "await=0,\(Self.ends[number].behaviour)")
                )
            }
            try await self.reach(moment, home) {
                signal.give()
                try await eventually("their ends") { home.sessionProcesses().isEmpty }
            }
            for (number, id) in ids {
                let end = Self.ends[number]
                #expect(try await home.ending(of: id) == end.exit, "\(end.behaviour)")
            }
            #expect(try await home.list(all: true).allSatisfy { $0.stoppedBy == nil })
            try await home.stopRunner()
        }
    }

    /// The kernel reports to the parent only that its child was killed by SIGKILL, not why.
    @Test(.enabled(if: MemoryCage.isPossible, "needs leave to make a memory cgroup"), arguments: moments)
    func aSessionThatIsKilledForWantOfMemoryEndedBySIGKILL(moment: Moment) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            var signal = try StartSignal(home)
            let id = try await home.spawn("hungry", behaving: "await=0,eat-after=256")
            let process = try await home.process(of: id)
            let cage = try MemoryCage(mebibytes: 32)
            try cage.take(process.pid)
            try await self.reach(moment, home) {
                signal.give()
                try await eventually("its death") { !isAlive(process) }
            }
            #expect(cage.kills == 1)
            #expect(try await home.ending(of: id) == .init("signaled", signal: "SIGKILL"))
            #expect(try await home.history(id).stoppedBy == nil)
            try await home.stopRunner()
        }
    }

    /// Brings the runner to `moment`, runs `body`, and leaves the runner running.
    private func reach(_ moment: Moment, _ home: TestHome, _ body: () async throws -> Void) async throws {
        guard case .up = moment else {
            try await home.killRunner()
            if case .starting(let step) = moment {
                let starting = try home.launch(["runner", "start"], ["HAPI_CRASH_AT": step + ":stop"])
                let held = try await eventually("a runner that is held") { home.heldRunner() }
                try await body()
                #expect(killVerified(held, SIGCONT))
                #expect(try await starting.ended() == 0, "\(starting.errors)")
            } else {
                try await body()
                try await home.startRunner()
            }
            return
        }
        try await body()
    }

    // MARK: At the same moment

    /// Sessions exit with different codes around the moment of a kill and a start. `ROUNDS` makes it longer,
    /// `SEED` repeats a run's decisions.
    @Test(.timeLimit(.minutes(60))) func aRestartAtTheMomentOfAnEndForgetsNoCode() async throws {
        var random = SeededRandom.announced(for: "exits")
        let rounds = rounds(orDaily: 2)
        try await TestHome.with { home in
            var wrong = 0
            for round in 0..<rounds {
                wrong += try await restartAmidEnds(home, "round \(round)", &random)
            }
            print("exits: \(rounds) rounds, \(rounds * Self.crowd) ends, \(wrong) of them not as they were")
            try await home.stopRunner()
        }
    }

    private static let crowd = 16

    /// Returns the number of exits that were recorded wrongly.
    private func restartAmidEnds(
        _ home: TestHome, _ comment: Comment, _ random: inout SeededRandom
    ) async throws -> Int {
        try await home.startRunner()
        var signal = try StartSignal(home)
        let span = Int.random(in: 50...500, using: &random)
        let kill = Int.random(in: 0...200, using: &random)
        for code in 0..<Self.crowd {
            let moment = Int.random(in: 0...span, using: &random)
            _ = try home.makeDirectory("work/\(code)", behaving: "await=\(moment),exit-after=\(code)")
        }
        let control = try home.control()
        let ids = try await atOnce(Self.crowd) { [work = home.work] code in
            let answer = try await control.post("spawn-session", ["directory": .string("\(work)/\(code)")])
            return (Int32(code), try #require(answer.body["sessionId"]?.string, "\(answer)"))
        }
        signal.give()
        try await Task.sleep(for: .milliseconds(kill))
        try await home.killRunner()
        try await home.startRunner()
        let store = Reading(try StoreConnection(path: home.store, mode: .readOnly))
        try await eventually("all ends", within: .seconds(40)) { try store.liveSessions().isEmpty }
        var wrong = 0
        for (code, id) in ids {
            let exit = try store.sessions(named: id).first?.exit
            guard exit?.reason != .exited(code: code) else { continue }
            Issue.record("\(comment): \(id) ended with \(code), and its record says \(exit as Any)")
            wrong += 1
        }
        return wrong
    }
}
