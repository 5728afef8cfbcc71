import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// The wall clock is set back and forth while the runner and its sessions are running. Its times are shown,
/// but nothing is decided or measured by it.
@Suite(.serialized) struct ClockTests {
    private static let year: Int64 = 365 * 24
    /// In hours.
    private static let shifts = [-5, 10 * year, -10 * year, 0]

    @Test func whateverTheClockIsSetToTheRunnerAndItsSessionsLiveOn() async throws {
        let clock = try await WallClock()
        let environment = clock.environment.merging(["HAPI_RUNNER_HEARTBEAT_INTERVAL": "100"]) { $1 }
        try await TestHub.with(["--ping-interval", "1"]) { hub in
            try await TestHome.with(hub, environment) { home in
                let runner = try await home.startRunner()
                let id = try await home.spawn("old")
                let process = try await home.process(of: id)
                let gone = try await home.spawn("gone", behaving: "exit-after=3")
                let log = try #require(try await home.history(gone).logPath)
                try await home.ending(of: gone)
                for (number, shift) in Self.shifts.enumerated() {
                    clock.set(hours: shift)
                    try await eventually("heartbeats at \(shift)") {
                        try await home.inStore(Self.hasBeats) == "1"
                    }
                    #expect(try home.runner() == runner)
                    try await expectOwnTime(home, "\(shift) hours")
                    try await expectOrder(home, id, new: try await home.spawn("new\(number)"))
                    #expect(try await home.process(of: id) == process)
                    #expect(home.exists(log))
                }
                #expect(try await home.status().runner?.hubState == "connected")
                #expect(try await home.inStore("SELECT count(*) FROM hub_changes") == "1")
                #expect(try await home.ending(of: gone) == .init("exited", code: 3))
                // None is missing, including those of ten years ago and in ten years.
                let kept = "SELECT count(DISTINCT at / 31536000000) FROM heartbeats"
                #expect(try #require(Int(try await home.inStore(kept))) >= 3)
                try await home.stopRunner()
            }
        }
    }

    /// Measured by the same clock.
    private static let hasBeats =
        "SELECT count(*) > 2 FROM heartbeats WHERE abs(at / 1000 - strftime('%s', 'now')) < 60"

    /// Shown durations are those that the machine's clock measured.
    private func expectOwnTime(_ home: TestHome, _ comment: Comment) async throws {
        let runner = try #require(try await home.status().runner)
        #expect((0..<120).contains(runner.uptimeSeconds), comment)
        let status = try await home.hapi("runner", "status").output
        let up = try #require(status.split(separator: "\n").first { $0.hasPrefix("Up ") })
        #expect(up.wholeMatch(of: /Up +(1m )?\d+s, since .*/) != nil, "\(comment): \(up)")
        let listed = try await home.hapi("runner", "list").output
        for line in listed.split(separator: "\n").dropFirst() {
            #expect(line.contains(/\srunning.* claude +\d+ +(1m )?\d+s +\S/), "\(comment): \(line)")
        }
    }

    /// Sessions are listed in the order in which they were started.
    private func expectOrder(_ home: TestHome, _ old: String, new: String) async throws {
        let listed = try await home.list()
        #expect(listed.first?.happySessionId == old && listed.last?.happySessionId == new)
        let newest = try await home.hapi("runner", "history", "--limit", "1", "--json")
        let shown = try JSON.decode([ListedSession].self, from: newest.output.utf8)
        #expect(shown.map(\.happySessionId) == [new])
    }

    // MARK: Timeouts

    /// A jumping clock neither shortens nor extends a timeout: of a locked store, a slow start, a missing
    /// report, a grace period.
    @Test func noPatienceIsMeasuredByTheClock() async throws {
        let clock = try await WallClock()
        let environment = clock.environment.merging(["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "5000"]) { $1 }
        try await TestHome.with(nil, environment) { home in
            try await home.startRunner()
            let stubborn = try await home.spawn("stubborn", behaving: "ignore-term")
            try await jumping(clock) {
                let lock = try await home.lockStore()
                async let delayed = home.spawn("delayed")
                try await Task.sleep(for: .seconds(1))
                lock.closeInput()
                _ = try await delayed

                let control = try home.control()
                let mute = try home.makeDirectory("work/mute", behaving: "mute")
                async let slow = home.spawn("slow", behaving: "slow=1.5")
                async let late = timed {
                    try await control.post("spawn-session", ["directory": .string(mute)])
                }
                async let stopped = timed {
                    try await control.post("stop-session", ["sessionId": .string(stubborn)])
                }
                _ = try await slow
                let (answer, patience) = try await late
                #expect(answer.body["error"]?.string?.contains("has not reported within 5") == true)
                #expect(patience > .seconds(4.9) && patience < .seconds(20), "\(patience)")
                let (stop, grace) = try await stopped
                #expect(stop.body["status"] == "stopped")
                #expect(grace > .seconds(4.9) && grace < .seconds(20), "\(grace)")
            }
            #expect(try await home.list().map(\.state).sorted() == ["running", "running", "starting"])
            try await home.stopRunner()
        }
    }

    /// Sets the clock back and forth while `body` is running.
    private func jumping(_ clock: WallClock, _ body: () async throws -> Void) async throws {
        let jumps = Task {
            while !Task.isCancelled {
                clock.set(hours: [-5, 5, -10 * Self.year, 10 * Self.year].randomElement() ?? 0)
                // The sleep fails only when cancelled.
                try? await Task.sleep(for: .milliseconds(50))
            }
        }
        defer { jumps.cancel() }
        try await body()
    }

    private func timed<Result: Sendable>(
        _ body: @Sendable () async throws -> Result
    ) async throws -> (Result, Duration) {
        let start = ContinuousClock.now
        return (try await body(), ContinuousClock.now - start)
    }

    // MARK: Between two runners

    @Test(arguments: [-5, 10 * year])
    func aRunnerThatStartsByAnotherClockKnowsEveryProcess(shift: Int64) async throws {
        let clock = try await WallClock()
        try await TestHome.with(nil, clock.environment) { home in
            let first = try await home.startRunner()
            let (kept, ended) = (try await home.spawn("kept"), try await home.spawn("ended"))
            let (process, other) = (try await home.process(of: kept), try await home.process(of: ended))
            try await home.killRunner()
            #expect(killVerified(other))
            clock.set(hours: shift)
            #expect(try await home.status().lastRunner?.pid == first.pid)
            #expect(try await home.session(kept).state == "running")
            let runner = try await home.startRunner()
            #expect(try await home.startRunner() == runner)
            try await expectOwnTime(home, "\(shift) hours")
            let adopted = try await home.session(kept)
            #expect(adopted.pid == process.pid && adopted.adopted)
            #expect(try await home.ending(of: ended) == .init("signaled", signal: "SIGKILL"))
            #expect(try await home.hapi("runner", "logs").output.contains("-pid-\(runner.pid)-"))
            // Prunes only ended sessions, by their recorded dates.
            _ = try await home.hapi("runner", "prune", "--before", "1d", "--yes")
            #expect(try await home.list(all: true).count == (shift > 24 ? 1 : 2))
            try await expectAbsence(home, shift)
            #expect(try await home.hapi("runner", "stop-session", kept).status == 0)
            #expect(!isAlive(process))
            try await home.stopRunner()
        }
    }

    /// The absence between two runners is reported, with its length if the clock can give one.
    private func expectAbsence(_ home: TestHome, _ shift: Int64) async throws {
        let shown = try await home.hapi("runner", "absences", "--since", "2000-01-01")
        let line = try #require(shown.output.split(separator: "\n").last)
        #expect(line.contains("crashed: "), "\(shown)")
        #expect(line.contains("  ?  ") == (shift < 0) && !line.contains(/\s-\d/), "\(shown)")
    }
}
