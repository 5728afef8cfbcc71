import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerTestSupport
import Synchronization
import Testing

@testable import RunnerStore

/// The runner, and in some rounds monitors, are killed at random moments during spawns, stops, reports and
/// exits. After each restart the rows match the processes, and every exit that something could record is
/// recorded.
///
/// `ROUNDS` makes it longer, `SEED` repeats a run's decisions.
@Suite(.serialized) struct TortureTests {
    @Test func underFireNothingIsLostInventedOrLeftBehind() async throws {
        var random = SeededRandom.announced(for: "torture")
        let rounds = rounds(orDaily: 4)
        let environment = ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "300", "HAPI_RUNNER_HEARTBEAT_INTERVAL": "200"]
        try await TestHome.with(nil, environment) { home in
            let torture = try Torture(home)
            for round in 0..<rounds {
                try await torture.round(round, &random)
            }
            try await torture.end()
            print("torture: \(rounds) rounds, \(torture.summary)")
        }
    }
}

/// A home under test, and what is known about it from outside.
private final class Torture: Sendable {
    /// The behaviours of sessions, by directory: `work/<name>`.
    private static let behaviours = [
        "plain": "", "exits": "exit-after=7", "killed": "kill-self-after=KILL", "mute": "mute",
        "stubborn": "ignore-term", "early": "exit=3", "dies": "kill-self=SEGV",
    ]

    private struct Known {
        var killedMonitors: Set<ProcessIdentity> = []
        var (spawns, stops, runnerKills, monitorKills, monitorStops) = (0, 0, 0, 0, 0)
    }

    private let home: TestHome
    private let known = Mutex(Known())
    private let exits = Mutex<[String: Int]>([:])

    init(_ home: TestHome) throws {
        self.home = home
        for (name, behaviour) in Self.behaviours {
            _ = try home.makeDirectory("work/\(name)", behaving: behaviour)
        }
    }

    var summary: String {
        let counts = known.withLock { $0 }
        let ends = exits.withLock { $0.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" } }
        return "\(counts.spawns) spawns, \(counts.stops) stops, \(counts.runnerKills) runner kills, "
            + "\(counts.monitorKills) monitor kills, \(counts.monitorStops) monitor stops; ends: "
            + ends.joined(separator: ", ")
    }

    // MARK: A round

    func round(_ number: Int, _ random: inout SeededRandom) async throws {
        try await home.startRunner()
        let control = try home.control()
        let hitsMonitors = number % 2 == 1
        let orders = (0..<Int.random(in: 8...16, using: &random)).map { _ in Order(&random) }
        let moment = Int.random(in: 20...600, using: &random)
        let blows = hitsMonitors ? (0..<3).map { _ in Blow(&random) } : []
        try await withThrowingTaskGroup(of: Void.self) { group in
            for order in orders { group.addTask { await self.carryOut(order, control) } }
            for blow in blows { group.addTask { try await self.strike(blow) } }
            try await Task.sleep(for: .milliseconds(moment))
            try await home.killRunner()
            known.withLock { $0.runnerKills += 1 }
            try await group.waitForAll()
        }
        if random.chance(2) { try await killAmidStart(Int.random(in: 1...150, using: &random)) }
        try await home.startRunner()
        try await expectTruth("round \(number)")
        if try store().liveSessions().count > 30 { try await stopSome(keeping: 5) }
        // A clean stop between two crashes.
        if random.chance(4) { try await home.stopRunner() } else { try await home.killRunner() }
    }

    /// A spawn, or a stop of a live session, after a delay.
    private struct Order: Sendable {
        let directory: String?
        let delay: Int
        let choice: Int

        init(_ random: inout SeededRandom) {
            delay = Int.random(in: 0...400, using: &random)
            choice = Int.random(in: 0..<1000, using: &random)
            let names = ["plain", "plain", "plain", "exits", "exits", "killed", "mute", "early", "dies"]
            let name = random.chance(60) ? "stubborn" : names[Int.random(in: 0..<names.count, using: &random)]
            directory = random.chance(4) ? nil : name
        }
    }

    private struct Blow: Sendable {
        let kills: Bool
        let delay: Int
        let choice: Int
        let pause: Int

        init(_ random: inout SeededRandom) {
            kills = random.chance(2)
            delay = Int.random(in: 50...700, using: &random)
            choice = Int.random(in: 0..<1000, using: &random)
            pause = Int.random(in: 50...800, using: &random)
        }
    }

    private func carryOut(_ order: Order, _ control: ControlPort) async {
        try? await Task.sleep(for: .milliseconds(order.delay))
        if let directory = order.directory {
            known.withLock { $0.spawns += 1 }
            // Ignored: the runner may be killed in the middle of it.
            _ = try? await control.post(
                "spawn-session", ["directory": .string("\(home.work)/\(directory)")])
        } else if let live = try? store().liveSessions(), !live.isEmpty {
            known.withLock { $0.stops += 1 }
            let id = live[order.choice % live.count].id
            _ = try? await control.post("stop-session", ["sessionId": .string(id)])
        }
    }

    /// Kills a monitor, or suspends it for a while.
    private func strike(_ blow: Blow) async throws {
        try await Task.sleep(for: .milliseconds(blow.delay))
        let monitors = try store().liveSessions().compactMap(\.launch.monitor).filter { isAlive($0) }
        guard !monitors.isEmpty else { return }
        let monitor = monitors[blow.choice % monitors.count]
        if blow.kills {
            // Noted before the kill, so that later checks find it.
            known.withLock { _ = $0.killedMonitors.insert(monitor) }
            if killVerified(monitor) { known.withLock { $0.monitorKills += 1 } }
        } else if killVerified(monitor, SIGSTOP) {
            known.withLock { $0.monitorStops += 1 }
            try await Task.sleep(for: .milliseconds(blow.pause))
            killVerified(monitor, SIGCONT)
        }
    }

    private func killAmidStart(_ moment: Int) async throws {
        let runner = try home.launch(["runner", "start-sync"])
        try await Task.sleep(for: .milliseconds(moment))
        runner.signal(SIGKILL)
        try await runner.ended()
        known.withLock { $0.runnerKills += 1 }
    }

    // MARK: Verification

    private func store() throws -> Reading { Reading(try StoreConnection(path: home.store, mode: .readOnly)) }

    func expectTruth(_ comment: Comment) async throws {
        try await expectRowsAreProcesses(comment)
        let sessions = try store().sessions(.oldestFirst, limit: .max).sessions
        for session in sessions { expectTruth(of: session, comment) }
        let processes = sessions.compactMap(\.launch.process)
        #expect(Set(processes).count == processes.count, "\(comment): a process is on record twice")
        let launches = try home.allTraces().compactMap { $0.env["HAPI_RUNNER_LAUNCH_ID"] }
        #expect(Set(launches).count == launches.count, "\(comment): a launch was launched twice")
        #expect(Set(launches).isSubset(of: sessions.map(\.id)), "\(comment): a process without a row")
        let pending = "SELECT count(*) FROM spawn_requests WHERE outcome = 'pending'"
        #expect(try await home.inStore(pending) == "0", comment)
        #expect(try await home.inStore("PRAGMA integrity_check") == "ok", comment)
        #expect(try await home.inStore("PRAGMA foreign_key_check") == "", comment)
    }

    /// Waits until nothing is in progress: every live row has its process, and every process its row.
    private func expectRowsAreProcesses(_ comment: Comment) async throws {
        var (rows, processes): ([String: pid_t], [pid_t]) = ([:], [])
        do {
            try await eventually("rows that are the processes") {
                let live = try store().liveSessions()
                rows = Dictionary(uniqueKeysWithValues: live.map { ($0.id, $0.launch.process?.pid ?? 0) })
                processes = home.sessionProcesses().sorted()
                return rows.values.sorted() == processes && live.allSatisfy { $0.stateNow != .ended }
                    && live.allSatisfy { $0.stopRequestedAt == nil }
                    && !live.contains { Self.endsByItself.contains(name($0)) }
            }
        } catch is TimedOut {
            Issue.record("\(comment): live rows \(rows), processes \(processes)")
        }
    }

    private static let endsByItself: Set = ["exits", "killed", "early", "dies"]

    private func name(_ session: SessionRecord) -> String {
        String(session.directory.split(separator: "/").last ?? "")
    }

    private func expectTruth(of session: SessionRecord, _ comment: Comment) {
        guard session.endedAt != nil, let exit = session.exit else { return }
        let comment: Comment = "\(comment): \(name(session)) \(session.id) \(exit)"
        if let process = session.launch.process { #expect(!isAlive(process), comment) }
        switch exit.reason {
        case .vanished:
            // Only sessions without a monitor may have vanished.
            let monitor = session.launch.monitor
            #expect(monitor.map { known.withLock(\.killedMonitors).contains($0) } == true, comment)
        case .launchFailed:
            #expect(session.launch.process == nil, comment)
        case .exited(let code):
            // A stopped session may have exited by itself before the signal.
            let own: [String: Int32] = ["exits": 7, "early": 3]
            #expect(code == own[name(session)] || code == 0 && session.stoppedBy != nil, comment)
        case .signaled(let signal):
            let own: [String: Int32] = ["killed": SIGKILL, "dies": SIGSEGV]
            let byStop = [SIGTERM, SIGKILL].contains(signal) && session.stoppedBy != nil
            #expect(signal == own[name(session)] || byStop, comment)
        }
    }

    // MARK: The end

    private func stopSome(keeping: Int) async throws {
        let control = try home.control()
        let sessions = try store().liveSessions().dropFirst(keeping).map(\.id)
        let answers = try await atOnce(sessions.count) { index in
            try await control.post("stop-session", ["sessionId": .string(sessions[index])])
        }
        known.withLock { $0.stops += sessions.count }
        #expect(answers.allSatisfy { $0.body["success"]?.bool == true }, "\(answers)")
    }

    /// Stops all live sessions; then nothing is left, and every session has an end.
    func end() async throws {
        try await home.startRunner()
        try await stopSome(keeping: 0)
        try await expectTruth("at the end")
        let sessions = try store().sessions(.oldestFirst, limit: .max).sessions
        #expect(home.sessionProcesses().isEmpty)
        #expect(sessions.allSatisfy { $0.endedAt != nil && $0.exit != nil })
        for session in sessions { exits.withLock { $0[session.kindOfEnd, default: 0] += 1 } }
        try await home.stopRunner()
    }
}

extension SessionRecord {
    fileprivate var kindOfEnd: String {
        switch exit?.reason {
        case .exited(let code): "exited(\(code))"
        case .signaled(let signal): "signaled(\(signal))"
        case .launchFailed: "launch-failed"
        case .vanished: "vanished"
        case nil: "without an end"
        }
    }
}
