import Glibc
import HubProtocol
import Runner
import RunnerStore
import RunnerTestSupport
import Testing

/// Rows whose pid is alive, but is somebody else: never adopted, never signalled, and not taken for dead
/// where that cannot be known.
@Suite(.serialized) struct IdentityTests {
    /// What a row says of a process that is alive, as far as it is not so.
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

    private static let nobodySaw = "it ended while nobody was there to see how"
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
            // Two bystanders each: one has the pid of the session, one that of its monitor.
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

    /// What cannot be looked at stands in the way of its HAPI session until a user says that it is gone.
    private func onlyAUserGivesUp(_ home: TestHome) async throws {
        let resumed: JSONValue = [
            "directory": .string(home.work), "existingSessionId": "happy-forged-4",
        ]
        let refused = try await home.control().post("spawn-session", resumed)
        #expect(refused.body["error"]?.string?.contains("hapi runner give-up forged-4") == true, "\(refused)")
        let live = try await home.spawn("live")
        for wrong in ["nothing", "forged-0", live] {
            #expect(try await home.hapi("runner", "give-up", wrong).status == 1)
        }
        let finished = try await home.hapi("runner", "give-up", "forged-4")
        #expect(finished.status == 0, "\(finished)")
        let given = try await home.history("forged-4")
        #expect(given.state == "ended" && given.exit?.message?.hasPrefix("given up") == true)
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
            // A look without the runner tells the state; the runner records how it came to be.
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

    /// The same for the runner itself: whoever has its pid now is not stopped in its place.
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
}
