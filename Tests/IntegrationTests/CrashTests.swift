import Glibc
import HubProtocol
import RunnerStore
import RunnerTestSupport
import Testing

/// Whenever the runner is killed, after its restart the live processes are exactly the live rows.
@Suite(.serialized) struct CrashTests {
    /// `ROUNDS` makes it longer.
    private static let rounds = RunnerTestSupport.rounds(orDaily: 3)

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

    /// Kills the runner at a different moment of the spawns in each round.
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

    /// Each step of a spawn, in the runner and in the monitor, and whether it leads to a session.
    @Test(arguments: [
        ("spawn-recorded", nil), ("spawn-prepared", nil), ("spawn-launched", "starting"),
        ("report-recorded", "reported"), ("spawn-answered", "reported"), ("monitor-started", nil),
        ("monitor-claimed", nil), ("monitor-launched", "found"), ("monitor-recorded-launch", "reported"),
    ])
    func afterACrashAtEachStepOfASpawnTheRowsAreTheProcesses(step: String, left: String?) async throws {
        try await TestHome.with { home in
            try await home.startRunner(["HAPI_CRASH_AT": step])
            let control = try home.control()
            let answer = try? await control.post("spawn-session", ["directory": .string(home.work)])
            #expect((answer == nil) == !step.hasPrefix("monitor"), "\(answer as Any)")
            if answer != nil { try await home.killRunner() }
            try await home.startRunner()
            try await expectRowsAreProcesses(home, "\(step)")
            try await expectNothingPending(home)
            let sessions = try await home.list()
            #expect(sessions.count == (left == nil ? 0 : 1), "\(sessions)")
            if left == "reported" {
                #expect(sessions.first?.happySessionId != nil)
                #expect(try await home.inStore("SELECT outcome FROM spawn_requests") == "started")
            }
            if left == nil {
                let ended = try #require(try await home.list(all: true).first)
                // Nobody can know whether the killed monitor had launched it.
                let reason = step == "monitor-claimed" ? "vanished" : "launch-failed"
                #expect(ended.exit?.reason == reason && ended.pid == nil, "\(ended)")
                #expect(try home.allTraces().isEmpty)
                #expect(try await home.inStore("SELECT outcome FROM spawn_requests") == "failed")
            }
            try await stopEverything(home)
        }
    }

    /// Each step of a stop, and how the session has ended after a restart.
    @Test(arguments: [
        ("stop-recorded", "exited"), ("stop-carried-out", "exited"), ("monitor-saw-exit", "vanished"),
        ("monitor-recorded-exit", "exited"),
    ])
    func afterACrashAtEachStepOfAStopItIsCarriedOut(step: String, reason: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner(["HAPI_CRASH_AT": step])
            let id = try await home.spawn("one", behaving: "helper")
            let process = try await home.process(of: id)
            let control = try home.control()
            let answer = try? await control.post("stop-session", ["sessionId": .string(id)])
            if step.hasPrefix("monitor") {
                #expect(answer?.body["success"]?.bool == true, "\(answer as Any)")
                try await home.killRunner()
            }
            try await home.startRunner()
            let exit = try await home.ending(of: id)
            #expect(exit.reason == reason, "\(exit)")
            #expect(!isAlive(process))
            let ended = try await home.history(id)
            #expect(ended.state == "ended" && ended.stoppedBy == "http", "\(ended)")
            try await expectRowsAreProcesses(home, "\(step)")
            try await stopEverything(home)
        }
    }

    /// Each step of a start with sessions to adopt: the next start adopts them all.
    @Test(arguments: ["adoption-observed", "adopted", "control-bound", "file-written"])
    func afterACrashAtEachStepOfAStartTheNextOneAdoptsAll(step: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            for name in ["a", "b", "c"] { _ = try await home.spawn(name) }
            let before = try await home.list()
            let ending = try await home.spawn("ending")
            let process = try await home.process(of: ending)
            try await home.killRunner()
            #expect(killVerified(process, SIGTERM))
            let started = try await home.hapi("runner", "start", changes: ["HAPI_CRASH_AT": step])
            #expect(started.status == 1, "\(started)")
            #expect(try await home.status().running == false)
            try await home.startRunner()
            try await expectRowsAreProcesses(home, "\(step)")
            #expect(try await home.list().map(\.pid) == before.map(\.pid))
            #expect(try await home.ending(of: ending).code == 0)
            let lives = "SELECT group_concat(coalesce(end_reason, 'runs')) FROM runners"
            #expect(try await home.inStore(lives) == "crashed,crashed,runs")
            try await stopEverything(home)
        }
    }

    @Test(arguments: ["shutdown-announced", "shutdown-recorded"])
    func aRunnerThatIsKilledWhileItStopsLeavesNothingInTheWay(step: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner(["HAPI_CRASH_AT": step])
            let id = try await home.spawn("one")
            let runner = try home.runner()
            #expect(try await home.hapi("runner", "stop").status == 0)
            #expect(!isAlive(runner))
            #expect(try await home.status().running == false)
            try await home.startRunner()
            #expect(try await home.session(id).state == "running")
            let end = try await home.inStore("SELECT end_reason FROM runners WHERE id = 1")
            #expect(end == (step == "shutdown-recorded" ? "hapi-cli" : "crashed"))
            try await stopEverything(home)
        }
    }

    @Test func aMigrationThatIsCutShortIsAsIfItHadNotBegun() async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            let fixture = Paths.root + "/Tests/RunnerStoreTests/Fixtures/schema-1.sql"
            let restored = try home.start([
                Paths.python, "-c",
                "import sqlite3, sys; sqlite3.connect(sys.argv[1]).executescript(open(sys.argv[2]).read())",
                home.store, fixture,
            ])
            try #require(try await restored.ended() == 0, "\(restored.errors)")
            let sessions = try await home.inStore("SELECT count(*) FROM sessions")
            // Without `start`, which would migrate a copy itself and crash there.
            let started = try await home.hapi(
                "runner", "start-sync", changes: ["HAPI_CRASH_AT": "migration-applied"])
            #expect(started.status == 128 + SIGKILL && home.exists(home.lockFile), "\(started)")
            #expect(try await home.inStore("PRAGMA user_version") == "1")
            #expect(
                try await home.inStore("SELECT count(*) FROM sqlite_schema WHERE name = 'worktrees'") == "0")
            #expect(try await home.list(all: true).count == Int(sessions))

            try await home.startRunner()
            #expect(try await home.inStore("PRAGMA user_version") == "\(Store.schemaVersion)")
            #expect(try await home.inStore("PRAGMA integrity_check") == "ok")
            #expect(try await home.inStore("SELECT count(*) FROM sessions") == sessions)
            try await expectNothingPending(home)
            // Sessions of other machines cannot be judged here.
            #expect(try await home.list().allSatisfy { $0.state == "unverifiable" })
            try await home.stopRunner()
        }
    }

    @Test func aSettingsWriteThatIsCutShortLeavesTheOldFileAndALockThatAges() async throws {
        try await TestHome.with { home in
            try home.writeSettings(#"{"cliApiToken":"","other":[1]}"#)
            let before = home.text(home.settings)
            let lock = home.settings + ".hapi.lock"
            for step in ["settings-locked", "file-written"] {
                let started = try await home.hapi("runner", "start", changes: ["HAPI_CRASH_AT": step])
                #expect(started.status == 1, "\(started)")
                #expect(home.text(home.settings) == before)
                #expect(home.exists(lock))
                let then = time(nil) - 31
                var times = utimbuf(actime: then, modtime: then)
                #expect(utime(lock, &times) == 0)
            }
            try await home.startRunner()
            let settings = try JSONValue(json: home.text(home.settings) ?? "null")
            #expect(settings["machineId"]?.string != nil && settings["other"] == [1])
            #expect(!home.exists(lock))
            try await home.stopRunner()
        }
    }

    @Test func aRunnerThatIsKilledAtItsRenewalIsStartedAnewWithAllItsSessions() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "300"]) { home in
            let program = home.root + "/bin/hapi"
            let install = ["/bin/cp", "--remove-destination", Paths.program, program]
            _ = try await home.start(install).ended()
            let started = try home.start([program, "runner", "start"], ["HAPI_CRASH_AT": "renewal"])
            try #require(try await started.ended(within: .seconds(40)) == 0, "\(started.errors)")
            let id = try await home.spawn("one")
            let process = try await home.process(of: id)
            let runner = try home.runner()
            _ = try await home.start(install).ended()
            try await eventually("the runner's death and its guard's start", within: .seconds(90)) {
                try await home.inStore("SELECT end_reason FROM runners WHERE id = 1") == "crashed"
                    && !isAlive(runner)
            }
            try await home.startRunner()
            #expect(try await home.session(id).pid == process.pid)
            try await expectRowsAreProcesses(home, "renewal")
            try await stopEverything(home)
        }
    }

    /// A suspended runner, as under a debugger, is verified and ended by its replacement.
    @Test(arguments: ["spawn-launched", "stop-recorded"])
    func aStoppedRunnerCanBeReplaced(step: String) async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HTTP_TIMEOUT": "300"]) { home in
            let stopped = try await home.startRunner(["HAPI_CRASH_AT": step + ":stop"])
            let control = try home.control()
            let request = Task { [work = home.work] in
                let answer = try? await control.post("spawn-session", ["directory": .string(work)])
                guard let id = answer?.body["sessionId"] else { return }
                _ = try? await control.post("stop-session", ["sessionId": id])
            }
            try await eventually("the runner's halt") {
                isSuspended(stopped)
            }
            let successor = try await home.startRunner([:], ["--replace"])
            #expect(successor != stopped && !isAlive(stopped))
            await request.value
            try await expectRowsAreProcesses(home, "\(step)")
            try await expectNothingPending(home)
            #expect(try await home.list().count == (step == "stop-recorded" ? 0 : 1))
            try await stopEverything(home)
        }
    }

    private func expectNothingPending(
        _ home: TestHome, location: SourceLocation = #_sourceLocation
    ) async throws {
        let pending = "SELECT count(*) FROM spawn_requests WHERE outcome = 'pending'"
        #expect(try await home.inStore(pending) == "0", sourceLocation: location)
    }

    /// Waits until nothing is in progress, and compares the live stand-in sessions with the rows.
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
