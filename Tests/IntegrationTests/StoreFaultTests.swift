import FoundationEssentials
import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Disks that are full or read-only, and stores that are locked, damaged or not ours.
@Suite(.serialized) struct StoreFaultTests {
    private static let quick = [
        "HAPI_RUNNER_HEARTBEAT_INTERVAL": "200", "HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "2000",
    ]

    // MARK: A full disk

    @Test(.enabled(if: TestHome.canMount, "needs leave to mount a file system"))
    func onAFullDiskNothingNewIsStartedAndAllThatRunsCanBeStopped() async throws {
        try await TestHome.with(nil, Self.quick, disk: "12m") { home in
            let runner = try await home.startRunner()
            let (one, two) = (try await home.spawn("one"), try await home.spawn("two"))
            let (first, second) = (try await home.process(of: one), try await home.process(of: two))
            let kept = try await home.spawn("kept")
            home.fillDisk()
            let crowd = try await home.crowdStore()

            let control = try home.control()
            let refused = try await control.post("spawn-session", ["directory": .string(home.work)])
            let words = refused.body["error"]?.string ?? ""
            #expect(refused.body["success"]?.bool != true && refused.status >= 400, "\(refused)")
            #expect(words.contains("could not be recorded") && words.contains(home.store), "\(words)")
            #expect(words.contains("full"), "\(words)")
            #expect(home.sessionProcesses().count == 3)

            let stopped = try await control.post("stop-session", ["sessionId": .string(one)])
            #expect(stopped.body["success"]?.bool == true && !isAlive(first), "\(stopped)")
            #expect(killVerified(second))
            try await eventually("a word in status") {
                try await notice(home)?.hasPrefix("degraded") == true
            }
            #expect(try await home.list().map(\.happySessionId) == [kept])
            #expect(isAlive(runner))

            crowd.closeInput()
            home.freeDisk()
            #expect(try await home.ending(of: one).reason == "exited")
            #expect(try await home.ending(of: two).signal == "SIGKILL")
            try await eventually("no more word in status") { try await notice(home) == nil }
            _ = try await home.spawn("three")
            #expect(try await home.inStore("PRAGMA integrity_check") == "ok")
            #expect(try home.runner() == runner)
            try await stopAll(home)
        }
    }

    @Test(.enabled(if: TestHome.canMount, "needs leave to mount a file system"))
    func anEndOnAFullDiskWithoutARunnerIsRecordedOnceThereIsSpace() async throws {
        try await TestHome.with(nil, Self.quick, disk: "12m") { home in
            for clean in [true, false] {
                try await home.startRunner()
                let id = try await home.spawn("one")
                let process = try await home.process(of: id)
                if clean { try await home.stopRunner() } else { try await home.killRunner() }
                home.fillDisk()
                #expect(killVerified(process))
                try await eventually("its death") { !isAlive(process) }
                // Long enough for the monitor's first attempts to fail.
                try await Task.sleep(for: .milliseconds(300))
                if clean {
                    // The log of a killed runner still has space that the next one could write to.
                    let failed = try await home.hapi("runner", "start")
                    #expect(
                        failed.status == 1 && failed.errors.contains("hint: free some space"), "\(failed)")
                }
                home.freeDisk()
                try await eventually("the end on record") {
                    try await home.inStore("SELECT count(*) FROM exits WHERE signal = 9")
                        == (clean ? "1" : "2")
                }
                try await home.startRunner()
                #expect(try await home.ending(of: id).signal == "SIGKILL")
                try await home.stopRunner()
            }
        }
    }

    private func notice(_ home: TestHome) async throws -> String? {
        let finished = try await home.hapi("runner", "status", "--json")
        return try JSONValue(json: finished.output)["runner"]?["notice"]?.string
    }

    private func stopAll(_ home: TestHome) async throws {
        for session in try await home.list() {
            #expect(try await home.hapi("runner", "stop-session", session.id).status == 0)
        }
        try await home.stopRunner()
    }

    // MARK: A read-only disk

    @Test(.enabled(if: TestHome.canMount, "needs leave to mount a file system"))
    func onAReadOnlyDiskNothingStartsAndWhatWasIsToldOrTheCauseIs() async throws {
        try await TestHome.with(disk: "12m") { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.stopRunner()
            let before = home.bytes(home.store)
            try await home.remountDisk(readOnly: true)
            let started = try await home.hapi("runner", "start")
            #expect(started.status == 1, "\(started)")
            #expect(started.errors.contains(home.path) && !home.exists(home.stateFile), "\(started)")
            let listed = try await home.hapi("runner", "list", "--all", "--json")
            #expect(listed.status == 0 && listed.output.contains(id), "\(listed)")
            #expect(home.bytes(home.store) == before)
            try await home.remountDisk(readOnly: false)
            try await home.startRunner()
            #expect(try await home.ending(of: id).code == 0)
            try await home.stopRunner()
        }
    }

    // MARK: A locked store

    @Test func aStoreThatIsLockedForSecondsDelaysASpawnAndAnEndAndLosesNeither() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            let lock = try await home.lockStore()
            let spawned = Task { try await home.spawn("two") }
            #expect(killVerified(process))
            try await Task.sleep(for: .seconds(2))
            #expect(try await home.list().map(\.happySessionId) == [])
            let control = try home.control()
            #expect(try await control.post("list").status == 200)
            lock.closeInput()
            let second = try await spawned.value
            #expect(try await home.ending(of: id).signal == "SIGKILL")
            #expect(try await home.session(second).state == "running")
            try await stopAll(home)
        }
    }

    /// Longer than any timeout; half a minute in the long version.
    @Test func aStoreThatStaysLockedRefusesASpawnAndStopsNobodyFromStopping() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            let (seen, unseen) = (try await home.spawn("seen"), try await home.spawn("unseen"))
            let victim = try await home.process(of: seen)
            let lock = try await home.lockStore()
            let locked = ContinuousClock.now
            let control = try home.control()
            async let refused = control.post("spawn-session", ["directory": .string(home.work)])
            async let stopped = control.post("stop-session", ["sessionId": .string(id)])
            async let approval = home.hapi("runner", "approve", home.work)
            #expect(killVerified(victim))
            try await home.killUnseen(unseen)
            try await expectPromptLooks(home)
            #expect(try await home.hapi("runner", "start").output.contains("Already running"))
            let answer = try await refused
            let words = answer.body["error"]?.string ?? ""
            #expect(words.contains("could not be recorded") && words.contains("locked"), "\(answer)")
            #expect(try await stopped.body["success"]?.bool == true)
            #expect(!isAlive(process))
            let undecided = try await approval
            #expect(undecided.status == 1 && undecided.errors.contains("locked"), "\(undecided)")
            #expect(undecided.errors.contains("hint: another process holds the database"), "\(undecided)")
            #expect(try await notice(home)?.hasPrefix("degraded") == true)
            while Self.isLong && locked.duration(to: .now) < .seconds(30) {
                try await expectPromptLooks(home)
            }
            #expect(home.sessionProcesses().isEmpty)
            lock.closeInput()
            #expect(try await home.ending(of: id).reason == "exited")
            #expect(try await home.ending(of: seen) == .init("signaled", signal: "SIGKILL"))
            #expect(try await home.ending(of: unseen).reason == "vanished")
            try await eventually("no more word in status") { try await notice(home) == nil }
            _ = try await home.spawn("later")
            try await stopAll(home)
        }
    }

    private static let isLong = getenv("ROUNDS") != nil

    /// Commands that only read don't wait for the lock; neither does the runner's control server.
    private func expectPromptLooks(_ home: TestHome) async throws {
        let start = ContinuousClock.now
        #expect(try await home.status().running)
        #expect(try await home.list().allSatisfy { $0.state != "ended" })
        #expect(try await home.hapi("runner", "history").status == 0)
        #expect(try await home.control().post("list").status == 200)
        let took = start.duration(to: .now)
        #expect(took < .seconds(4), "\(took)")
    }

    /// The runner exits soon and reports that it could not record its end, which is then shown as `crashed`.
    /// The next runner waits for the lock, or reports it.
    @Test func aRunnerThatIsStoppedAndStartedOnALockedStoreIsDoneInTimeAndLosesNothing() async throws {
        try await TestHome.with { home in
            let runner = try home.launch(["runner", "start-sync"])
            try await eventually("the runner") { try home.state()["pid"]?.integer == Int(runner.pid) }
            let (kept, seen) = (try await home.spawn("kept"), try await home.spawn("seen"))
            let (unseen, victim) = (try await home.spawn("unseen"), try await home.process(of: seen))
            let lock = try await home.lockStore()
            try await home.killUnseen(unseen)
            let start = ContinuousClock.now
            let stopped = try await home.hapi("runner", "stop")
            let took = start.duration(to: .now)
            #expect(stopped.status == 0 && took < .seconds(20), "\(took): \(stopped)")
            #expect(try await runner.ended() == 1 && runner.errors.contains("locked"), "\(runner.errors)")
            #expect(!home.exists(home.stateFile) && !home.exists(home.lockFile))
            #expect(killVerified(victim))

            let refused = try await home.hapi("runner", "start")
            #expect(refused.status == 1 && refused.errors.contains("locked"), "\(refused)")
            #expect(refused.errors.contains("hint: another process holds the database"), "\(refused)")
            #expect(try await !home.status().running)
            #expect(try await home.list().map(\.happySessionId) == [kept])
            async let second = home.startRunner()
            try await Task.sleep(for: .seconds(2))
            lock.closeInput()
            _ = try await second
            #expect(try await home.status().lastRunner?.endReason == "crashed")
            #expect(try await home.ending(of: unseen).reason == "vanished")
            #expect(try await home.ending(of: seen) == .init("signaled", signal: "SIGKILL"))
            #expect(try await home.session(kept).adopted)
            try await stopAll(home)
        }
    }

    // MARK: A changed store

    private func withStoppedHome(_ body: (TestHome, _ session: String) async throws -> Void) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.stopRunner()
            try await body(home, id)
        }
    }

    private func expectRefusal(
        _ home: TestHome, _ commands: [[String]], saying words: [String],
        location: SourceLocation = #_sourceLocation
    ) async throws {
        let before = home.bytes(home.store)
        for command in commands {
            let child = try home.launch(["runner"] + command)
            #expect(try await child.ended() == 1, "\(command): \(child.output)", sourceLocation: location)
            for word in words + [home.store, "hint: "] {
                #expect(child.errors.contains(word), "\(command): \(child.errors)", sourceLocation: location)
            }
        }
        #expect(home.bytes(home.store) == before, sourceLocation: location)
        #expect(!home.exists(home.stateFile) && !home.exists(home.lockFile), sourceLocation: location)
    }

    private static let looks = [["list"], ["list", "--all", "--json"], ["history"]]
    private static let starts = [["start"], ["start-sync"]]

    /// From the second page on, or one page in the middle, which only a start's full check finds.
    @Test(arguments: [true, false]) func aDamagedStoreIsRefusedByNameAndLeftAsItIs(whole: Bool) async throws {
        try await withStoppedHome { home, _ in
            var bytes = try #require(home.bytes(home.store))
            let (page, pages) = (4096, bytes.count / 4096)
            #expect(pages > 10)
            let damaged = whole ? page..<bytes.count : page * (pages / 2)..<page * (pages / 2 + 1)
            bytes.replaceSubrange(damaged, with: [UInt8](repeating: 0xa5, count: damaged.count))
            try home.writeBytes("home/runner.db", bytes)
            try await expectRefusal(
                home, Self.starts + (whole ? Self.looks : []), saying: ["restore a backup"])
        }
    }

    @Test func aRunnerWhoseStoreIsDamagedIsSeenAndCanBeStopped() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            try await home.forceIntoStore("PRAGMA wal_checkpoint(TRUNCATE)")
            let bytes = try #require(home.bytes(home.store))
            try home.writeBytes(
                "home/runner.db", [UInt8](repeating: 0xa5, count: 8192) + bytes.dropFirst(8192))
            let status = try await home.hapi("runner", "status")
            #expect(status.status == 0, "\(status)")
            for word in ["running, process \(runner.pid)", "degraded", home.store] {
                #expect(status.output.contains(word), "\(status)")
            }
            let json = try JSONValue(json: try await home.hapi("runner", "status", "--json").output)
            #expect(json["running"] == true && json["sessions"]?["live"] == .null)
            let stopped = try await home.hapi("runner", "stop")
            #expect(stopped.status == 0, "\(stopped)")
            #expect(!isAlive(runner) && isAlive(process))
            // The next runner finds the restored file.
            try home.writeBytes("home/runner.db", bytes)
            unlink(home.store + "-wal")
            try await home.startRunner()
            #expect(try await home.session(id).adopted)
            try await stopAll(home)
        }
    }

    @Test func aStoreOfANewerVersionIsRefusedByNameAndLeftAsItIs() async throws {
        try await withStoppedHome { home, _ in
            try await home.inStore("PRAGMA user_version = 99")
            try await expectRefusal(
                home, Self.starts + Self.looks, saying: ["version 99", "newer hapi"])
        }
    }

    @Test(arguments: ["not a database at all, but long enough to be one", "SQLite format 3\u{0}"])
    func aFileThatIsNoDatabaseIsRefusedByNameAndLeftAsItIs(text: String) async throws {
        try await withStoppedHome { home, _ in
            try home.writeBytes("home/runner.db", Array(String(repeating: text, count: 100).utf8))
            try await expectRefusal(home, Self.starts + Self.looks, saying: ["cannot "])
        }
    }

    @Test(arguments: [0, 1, 2, 3]) func aWriteAheadLogThatWasCutOffIsReadAsFarAsItGoes(quarters: Int)
        async throws
    {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.killRunner()
            let log = try #require(home.bytes(home.store + "-wal"))
            #expect(log.count > 4096)
            #expect(truncate(home.store + "-wal", log.count * quarters / 4 + 7) == 0)
            // Commands may show less, but nothing that is false.
            let listed = try await home.hapi("runner", "list", "--json")
            #expect([0, 1].contains(listed.status), "\(listed)")
            let started = try await home.hapi("runner", "start")
            #expect(started.status == 0, "\(started)")
            #expect(try await home.inStore("PRAGMA integrity_check") == "ok")
            _ = try await home.spawn("two")
            try await stopAll(home)
        }
    }

    @Test func rowsThatNoProgramOfOursWritesStopNobody() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            var ids: [String] = []
            for name in ["good", "bad", "worse"] { ids.append(try await home.spawn(name)) }
            let sessions = try await home.list()
            let records = ids.compactMap { id in sessions.first { $0.happySessionId == id }?.id }
            try await home.killRunner()
            try await home.forceIntoStore(
                """
                UPDATE sessions SET started_by = 'magic' WHERE id = '\(records[1])';
                UPDATE launches SET phase = 'flying' WHERE id = '\(records[2])';
                UPDATE spawn_requests SET outcome = 'maybe', source = 'pigeon' WHERE session_id = '\(records[2])';
                INSERT INTO directory_decisions (directory, decision, asked_at) VALUES ('/x', 'perhaps', 1);
                """)
            try await home.startRunner()
            let listed = try await home.hapi("runner", "list", "--json")
            #expect(listed.status == 0 && listed.output.contains(records[0]), "\(listed)")
            #expect(listed.errors.contains("2 rows of \(home.store) cannot be read"), "\(listed)")
            #expect(try await home.session(ids[0]).state == "running")
            #expect(home.sessionProcesses().count == 3)
            _ = try await home.spawn("later")
            try await home.forceIntoStore(
                """
                UPDATE sessions SET started_by = 'runner'; UPDATE launches SET phase = 'launched';
                UPDATE spawn_requests SET outcome = 'started', source = 'http';
                DELETE FROM directory_decisions WHERE decision = 'perhaps';
                """)
            try await home.killRunner()
            try await home.startRunner()
            #expect(try await home.list().count == 4)
            try await stopAll(home)
        }
    }
}
