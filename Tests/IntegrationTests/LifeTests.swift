import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerTestSupport
import Testing

@testable import RunnerStore

/// What a runner does over days: heartbeats, standing decisions, worktrees, pruning.
@Suite(.serialized) struct LifeTests {
    @Test func aHeartbeatIsRecordedAndShown() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "100"]) { home in
            try await home.startRunner()
            try await eventually("a heartbeat") { try await home.status().runner?.lastHeartbeatAt != nil }
            #expect(try home.state()["lastHeartbeat"]?.string != nil)
            #expect(try await home.inStore("SELECT suspended_ms >= 0 FROM heartbeats LIMIT 1") == "1")
        }
    }

    @Test func filesThatWereRemovedAreWrittenAgain() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "100"]) { home in
            let runner = try await home.startRunner()
            unlink(home.stateFile)
            unlink(home.lockFile)
            try await eventually("the files") { home.exists(home.stateFile) && home.exists(home.lockFile) }
            #expect(try home.runner() == runner)
        }
    }

    @Test func aStoreThatWasDeletedIsPutBackWithEveryRow() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "200"]) { home in
            try await home.startRunner()
            let id = try await home.spawn("a")
            for suffix in ["", "-wal", "-shm"] { unlink(home.store + suffix) }
            try await eventually("the store") { home.exists(home.store) }
            let process = try await eventually("the session") { try? await home.process(of: id) }
            #expect(killVerified(process))
            #expect(try await home.ending(of: id).signal == "SIGKILL")
        }
    }

    @Test func aTerminalSessionThatNeverReportedIsPrunedWhenItIsOver() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "100"]) { home in
            try await home.startRunner()
            try await home.inStore(
                """
                INSERT INTO sessions (id, started_by, agent, directory, created_at)
                VALUES ('s', 'terminal', 'claude', '/', 1)
                """)
            try await home.inStore(
                """
                INSERT INTO launches SELECT 's', 'launched', machine, boot_id, pid_namespace, NULL, NULL, pid, 1, 1,
                NULL, 1 FROM runners
                """)
            #expect(try await home.ending(of: "s").reason == "vanished")
        }
    }

    @Test func aStandingDecisionIsMetByLaterRequests() async throws {
        try await TestHome.with { home in
            try await home.startRunner([:], ["--directory-creation", "ask"])
            let control = try home.control()
            func ask(_ name: String, _ approved: JSONValue? = nil) async throws -> Int {
                var body: JSONValue = ["directory": .string("\(home.work)/\(name)")]
                if let approved, case .object(var members) = body {
                    members["approvedNewDirectoryCreation"] = approved
                    body = .object(members)
                }
                return try await control.post("spawn-session", body).status
            }
            #expect(try await ask("new/a") == 409)
            #expect(try await home.hapi("runner", "approve", home.work + "/new").status == 0)
            #expect(try await ask("new/a") == 200)
            #expect(try await ask("other") == 409)
            #expect(try await home.hapi("runner", "deny", home.work + "/no").status == 0)
            #expect(try await ask("no/b", true) == 500)
            #expect(!home.exists(home.work + "/no"))
            let shown = try await home.hapi("runner", "approvals", "--json")
            let decisions = try #require(try JSONValue(json: shown.output).array)
            let keys: Set = ["directory", "decision", "decidedBy", "decidedAt", "spawnRequestId"]
            #expect(decisions.allSatisfy { $0.keys == keys })
            #expect(decisions.filter { $0["decision"] == "pending" }.count == 1)
        }
    }

    @Test func theHubIsAskedForApproval() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner([:], ["--directory-creation", "ask"])
                let answer = try await hub.call(
                    "spawn-happy-session", ["directory": .string(home.work + "/new")], of: home)
                #expect(answer["type"] == "requestToApproveDirectoryCreation")
                #expect(answer["directory"]?.string == home.work + "/new")
            }
        }
    }

    @Test func anUnwritableParentIsAnErrorOfItsOwn() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            for (directory, words) in [
                ("/proc/new", "cannot use /proc/new as a directory"),
                (home.work + "/" + String(repeating: "x", count: 300), "the path is too long"),
            ] {
                let answer = try await home.control().post("spawn-session", ["directory": .string(directory)])
                #expect(answer.status == 500)
                #expect(answer.body["error"]?.string?.contains(words) == true, "\(answer)")
            }
            #expect(try await home.list().isEmpty)
        }
    }

    @Test func eightRequestsForOneSessionStartOneProcess() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let control = try home.control()
            let wanted: JSONValue = [
                "directory": .string(home.work), "agent": "codex",
                "existingSessionId": "11111111-2222-4333-8444-555555555555",
            ]
            let answers = try await atOnce(8) { _ in try await control.post("spawn-session", wanted) }
            #expect(Set(answers.map(\.description)).count == 1, "\(answers)")
            #expect(answers.first?.status == 200)
            #expect(home.sessionProcesses().count == 1)
        }
    }

    @Test func fiftyRequestsAtOnceAreAllAnswered() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let control = try home.control()
            let answers = try await atOnce(50) { _ in
                try await control.post("spawn-session", ["directory": .string(home.work)])
            }
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.filter { $0.status != 200 })")
            #expect(Set(answers.compactMap { $0.body["sessionId"]?.string }).count == 50)
            #expect(home.sessionProcesses().count == 50)
        }
    }

    @Test func aStopGoesOnAfterTheRunnerWasKilled() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("a", behaving: "ignore-term")
            let control = try home.control()
            async let stopping = control.post("stop-session", ["sessionId": .string(id)])
            try await eventually("the stop") { try await home.session(id).state == "stopping" }
            try await home.killRunner()
            _ = try? await stopping
            try await home.startRunner()
            let exit = try await home.ending(of: id)
            #expect(exit.signal == "SIGKILL")
            #expect(try await home.history(id).stoppedBy == "http")
        }
    }

    @Test func aCodexTokenIsPrivateAndGoneWhenTheSessionEnds() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("a", ["agent": "codex", "token": "very-secret"])
            let session = try await home.session(id)
            let folder = home.path + "/codex/" + session.id
            #expect(home.text(folder + "/auth.json") == "very-secret")
            var status = stat()
            #expect(stat(folder, &status) == 0 && status.st_mode & 0o777 == 0o700)
            #expect(stat(folder + "/auth.json", &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(try home.trace(try #require(session.pid))?.env["CODEX_HOME"] == folder)
            _ = try await home.control().post("stop-session", ["sessionId": .string(id)])
            try await eventually("its removal") { !home.exists(folder) }
            #expect(!home.logText.contains("very-secret"))
            let store = try #require(home.bytes(home.store))
            #expect(!String(decoding: store, as: UTF8.self).contains("very-secret"))
        }
    }

    @Test func absencesTellCrashAndStop() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.killRunner()
            try await home.startRunner()
            try await home.stopRunner()
            try await Task.sleep(for: .seconds(2.1))
            let shown = try await home.hapi("runner", "absences", "--json")
            let absences = try #require(try JSONValue(json: shown.output).array)
            #expect(absences.last?["cause"] == "stopped")
            #expect(absences.last?["to"]?.isNull == true)
        }
    }

    @Test func aCorrectedTokenIsTakenUpWithoutARestart() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["CLI_API_TOKEN": ""]) { home in
                try home.writeSettings(#"{"cliApiToken": "wrong", "unknown": {"kept": true}}"#)
                let runner = try await home.startRunner(status: 69)
                let login = try home.start(
                    ["/bin/sh", "-c", "echo secret | \(Paths.program) auth login --with-token"])
                #expect(try await login.ended(within: .seconds(20)) == 0, "\(login.errors)")
                try await eventually("the hub") { try await home.status().runner?.hubState == "connected" }
                #expect(try home.runner() == runner)
                let text = try #require(home.text(home.settings))
                let settings = try JSONValue(json: text)
                #expect(settings["unknown"] == ["kept": true])
                // A start with the new token keeps the same runner.
                let again = try await home.hapi("runner", "start")
                #expect(again.output.contains("Already running"), "\(again)")
            }
        }
    }

    @Test func anOlderProgramRefusesANewerStoreAndHarmsNothing() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.stopRunner()
            try await home.inStore("PRAGMA user_version = 99")
            let before = try #require(home.bytes(home.store))
            let started = try await home.hapi("runner", "start")
            #expect(started.status == 1 && started.errors.contains("version 99"), "\(started)")
            #expect(try await home.hapi("runner", "list").status == 1)
            #expect(home.bytes(home.store) == before)
        }
    }

    @Test func aBackupIsWholeWhileEverythingRuns() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("a")
            let copy = home.root + "/copy.db"
            let finished = try await home.hapi("runner", "backup", copy)
            #expect(finished.status == 0, "\(finished)")
            #expect(try await home.hapi("runner", "backup", copy).status == 1)
            let restored = Reading(try StoreConnection(path: copy, mode: .readOnly))
            #expect(try restored.liveSessions().map(\.happySessionID) == [id])
            try restored.connection.checkIntegrity()
        }
    }
}
