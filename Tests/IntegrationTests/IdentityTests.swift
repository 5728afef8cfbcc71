import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerStore
import RunnerTestSupport
import Testing

/// Rows whose pid belongs to another process now: never adopted, never signalled, and not considered dead
/// where that cannot be determined.
@Suite(.serialized) struct IdentityTests {
    /// A change that makes a row's identity differ from the live process.
    struct Forgery: Sendable, CustomTestStringConvertible {
        let name: String
        var start: Int64 = 0
        var machine: String?
        var boot: String?
        var namespace: Int64 = 0
        let state: String
        var words = ""

        var testDescription: String { name }
    }

    private static let nobodySaw = "it ended while nothing could record how"
    private static let forgeries = [
        Forgery(name: "an earlier start", start: -1, state: "ended", words: nobodySaw),
        Forgery(name: "a later start", start: 1, state: "ended", words: nobodySaw),
        Forgery(name: "another boot", boot: "boot-1", state: "ended", words: "the machine was restarted"),
        Forgery(name: "another machine", machine: "elsewhere", boot: "boot-1", state: "unverifiable"),
        Forgery(name: "another pid namespace", namespace: 1, state: "unverifiable"),
    ]

    @Test func whoeverHasThePidOfARecordedProcessIsLeftAlone() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.stopRunner()
            // Two bystanders for each: one has the session's pid, the other its monitor's.
            let bystanders = try (0..<Self.forgeries.count * 2).map { _ in
                try home.start(["/bin/sleep", "1000"])
            }
            for (number, forgery) in Self.forgeries.enumerated() {
                try await insert(
                    forgery, "forged-\(number)", process: bystanders[number * 2].pid,
                    monitor: bystanders[number * 2 + 1].pid, home)
            }
            try await expectStates(home)
            try await home.startRunner()
            try await expectStates(home)
            for number in Self.forgeries.indices {
                let id = "forged-\(number)"
                _ = try await home.hapi("runner", "stop-session", id)
                _ = try await home.control().post(
                    "stop-session", ["sessionId": .string("PID-\(bystanders[number * 2].pid)")])
                let events = try await home.history(id).events?.map(\.kind) ?? []
                #expect(!events.contains("adopted"), "\(id): \(events)")
            }
            try await expectStates(home)
            #expect(bystanders.allSatisfy { $0.status == nil })
            try await onlyAUserGivesUp(home)
            try await home.stopRunner()
            for bystander in bystanders { bystander.signal(SIGKILL) }
        }
    }

    /// An unverifiable session blocks its HAPI session until a user marks it as ended.
    private func onlyAUserGivesUp(_ home: TestHome) async throws {
        let resumed: JSONValue = [
            "directory": .string(home.work), "existingSessionId": "happy-forged-4",
        ]
        let refused = try await home.control().post("spawn-session", resumed)
        #expect(
            refused.body["error"]?.string?.contains("hapi runner mark-ended forged-4") == true, "\(refused)")
        let live = try await home.spawn("live")
        for wrong in ["nothing", "forged-0", live] {
            #expect(try await home.hapi("runner", "give-up", wrong).status == 1)
        }
        let finished = try await home.hapi("runner", "give-up", "forged-4")
        #expect(finished.status == 0, "\(finished)")
        let given = try await home.history("forged-4")
        #expect(given.state == "ended" && given.exit?.message?.hasPrefix("marked as ended") == true)
        #expect(try await home.control().post("spawn-session", resumed).status == 200)
        for id in [live, "happy-forged-4"] {
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
        }
    }

    private func expectStates(_ home: TestHome) async throws {
        let sessions = try await home.list(all: true)
        for (number, forgery) in Self.forgeries.enumerated() {
            let session = try #require(sessions.first { $0.id == "forged-\(number)" })
            #expect(session.state == forgery.state && !session.adopted, "\(forgery.name): \(session)")
            // Without the runner the state is only derived; the runner then records the end.
            guard forgery.state == "ended", let exit = session.exit else { continue }
            #expect(exit.reason == "vanished" && exit.message == forgery.words, "\(forgery.name): \(exit)")
        }
    }

    private func insert(
        _ forgery: Forgery, _ id: String, process: pid_t, monitor: pid_t, _ home: TestHome
    ) async throws {
        let here = HostIdentity.current
        let processStart = try #require(ProcessTable.identity(of: process)).start + forgery.start
        let monitorStart = try #require(ProcessTable.identity(of: monitor)).start + forgery.start
        try await home.forceIntoStore(
            """
            INSERT INTO launches VALUES ('\(id)', 'launched', '\(forgery.machine ?? here.machine)',
                '\(forgery.boot ?? here.bootID)', \(here.pidNamespace + forgery.namespace),
                \(monitor), \(monitorStart), \(process), \(processStart), 1, 2, 3);
            INSERT INTO sessions (id, runner_id, started_by, agent, directory, happy_session_id, created_at, reported_at)
                VALUES ('\(id)', 1, 'runner', 'claude', '/tmp', 'happy-\(id)', 1, 4);
            """)
    }

    /// The same for the runner: a process that has its pid now is not stopped.
    @Test(arguments: ["start = start + 1", "boot_id = 'boot-1'", "pid_namespace = pid_namespace + 1"])
    func whoeverHasThePidOfARunnerIsLeftAlone(difference: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.killRunner()
            let bystander = try home.start(["/bin/sleep", "1000"])
            let identity = try #require(ProcessTable.identity(of: bystander.pid))
            try await home.forceIntoStore(
                """
                UPDATE runners SET pid = \(identity.pid), start = \(identity.start), end_reason = NULL;
                UPDATE runners SET \(difference);
                """)
            #expect(try await home.status().running == false)
            #expect(try await home.hapi("runner", "stop").status == 0)
            try await home.startRunner([:], ["--replace"])
            #expect(bystander.status == nil)
            try await home.stopRunner()
            bystander.signal(SIGKILL)
        }
    }

    // MARK: Another boot

    /// A power cut: everything ends at once, and the pids belong to processes of another boot.
    @Test func afterARestartOfTheMachineWhatLivedHasVanishedAndItIsSaidWhy() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let ended = try await home.spawn("ended", behaving: "exit-after=3")
            try await home.ending(of: ended)
            let running = try await home.spawn("running")
            let mute = try home.makeDirectory("work/mute", behaving: "mute")
            let control = try home.control()
            let asked = Task { _ = try? await control.post("spawn-session", ["directory": .string(mute)]) }
            try await eventually("both") { try await home.list().compactMap(\.pid).count == 2 }
            try await home.killRunner()
            await asked.value
            let bystander = try home.start(["/bin/sleep", "1000"])
            let identity = try #require(ProcessTable.identity(of: bystander.pid))
            for id in try await home.list().map(\.id) { try await home.killUnseen(id) }
            try await home.forceIntoStore(
                """
                UPDATE launches SET boot_id = 'the boot before', pid = \(identity.pid), start = \(identity.start);
                UPDATE runners SET boot_id = 'the boot before', pid = \(identity.pid), start = \(identity.start),
                    started_at = started_at - 60000;
                """)
            #expect(try await home.list().isEmpty)
            #expect(try await !home.status().running)

            try await home.startRunner()
            #expect(try await home.status().lastRunner?.endReason == "crashed")
            #expect(try await home.ending(of: ended) == .init("exited", code: 3))
            for session in try await home.list(all: true) where session.happySessionId != ended {
                let history = try await home.history(session.id)
                #expect(history.state == "ended" && !history.adopted && history.exit == session.exit)
                #expect(history.exit?.reason == "vanished", "\(history)")
                #expect(history.exit?.message == "the machine was restarted", "\(history)")
                #expect(history.events?.last?.detail == "vanished: the machine was restarted")
            }
            let table = try await home.hapi("runner", "history").output
            #expect(table.contains("vanished: the machine was restarted"), "\(table)")
            let absences = try await home.hapi("runner", "absences", "--json")
            #expect(try JSONValue(json: absences.output).array?.map { $0["cause"] } == ["rebooted"])
            #expect(try await home.hapi("runner", "stop-session", running).status == 0)
            #expect(bystander.status == nil)
            try await home.stopRunner()
            bystander.signal(SIGKILL)
        }
    }

    // MARK: Reused pids

    @Test(.enabled(if: PidNamespace.isPossible, "needs leave to make a pid namespace"))
    func inAnotherPidNamespaceNothingIsTouchedAndNothingIsClaimed() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let id = try await home.spawn("outside")
            let process = try await home.process(of: id)
            let inside = try await PidNamespace(home)

            let status = try await inside.runner("status")
            #expect(status.status == 3 && status.output.contains("0 live, 1 unverifiable"), "\(status)")
            #expect(status.output.contains("whether it is running cannot be known here"), "\(status)")
            let shown = try JSON.decode(
                ShownStatus.self, from: try await inside.runner("status", "--json").output.utf8)
            #expect(!shown.running && shown.lastRunner?.pid == runner.pid)
            #expect(shown.lastRunner?.endReason == nil && shown.sessions.unverifiable == 1)
            let stop = try await inside.runner("stop")
            #expect(stop.status == 0 && stop.output.contains("it can only be stopped there"), "\(stop)")
            let start = try await inside.runner("start", "--replace")
            #expect(start.status == 1 && start.errors.contains("another runner is running"), "\(start)")
            #expect(try await inside.runner("absences").output.contains("Always within reach"))
            #expect(isAlive(runner))

            try await home.killRunner()
            #expect(try await inside.runner("start").status == 0)
            let stopped = try await inside.runner("stop-session", id)
            #expect(stopped.status == 1 && isAlive(process), "\(stopped)")
            #expect(try await inside.runner("spawn", home.work).status == 0)
            let table = try await inside.runner("list").output
            #expect(table.contains("unverifiable") && table.contains("running"), "\(table)")
            #expect(Set(try await home.list().map(\.state)) == ["running", "unverifiable"])
            #expect(try await inside.runner("stop").status == 0)

            try await home.startRunner()
            let adopted = try await home.session(id)
            #expect(adopted.pid == process.pid && adopted.adopted)
            let other = try #require(try await home.list().first { $0.state == "unverifiable" })
            #expect(try await home.hapi("runner", "stop-session", other.id).status == 1)
            #expect(home.sessionProcesses().count == 2)
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.stopRunner()
        }
    }

    /// Pids are reused once they run out: here those of a runner, a monitor and a session.
    @Test(.enabled(if: PidNamespace.isPossible, "needs leave to make a pid namespace"))
    func whoeverGetsAPidAnewIsNeitherAdoptedNorSignalled() async throws {
        try await TestHome.with { home in
            let inside = try await PidNamespace(home)
            #expect(try await inside.runner("start").status == 0)
            #expect(try await inside.runner("spawn", home.work).status == 0)
            let pids = try await home.inStore(
                "SELECT r.pid || ' ' || l.monitor_pid || ' ' || l.pid FROM runners r, launches l"
            ).split(separator: " ").map(String.init)
            #expect(try await inside.run(["/bin/kill", "-9"] + pids).status == 0)
            try await eventually("their end") {
                let there = try await inside.run(["/bin/ls", "/proc"]).output.split(separator: "\n").map(
                    String.init)
                return Set(there).isDisjoint(with: pids)
            }
            var bystanders: [ProcessIdentity] = []
            for pid in pids.compactMap({ pid_t($0) }) {
                bystanders.append(try await inside.bystander(at: pid))
            }
            #expect(try await inside.runner("status").status == 3)
            #expect(try await inside.runner("stop").output.contains("No runner is running"))
            #expect(try await inside.runner("stop-session", "PID-\(pids[2])").status == 3)
            #expect(try await inside.runner("start").status == 0)
            let session = try #require(try await home.list(all: true).first)
            #expect(session.exit?.reason == "vanished" && !session.adopted, "\(session)")
            #expect(try await inside.runner("stop-session", session.id).status == 0)
            #expect(try await inside.runner("stop-session", "PID-\(pids[2])").status == 1)
            #expect(try await inside.runner("stop").status == 0)
            #expect(Set(bystanders).count == 3 && bystanders.allSatisfy { isAlive($0) })
        }
    }
}
