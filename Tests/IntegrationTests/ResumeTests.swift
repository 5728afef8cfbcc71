import Glibc
import HubProtocol
import RunnerStore
import RunnerTestSupport
import Testing

/// `hapi runner resume`, and sessions after a reboot.
@Suite(.serialized) struct ResumeTests {
    private static let own = ["HAPI_CLI_EXECUTABLE": Paths.program]

    /// A session that had a conversation and was killed; returns its record's id.
    private static func ended(_ home: TestHome, _ agent: String) async throws -> String {
        let id = try await home.spawn("one", ["agent": .string(agent)])
        let record = try #require(try await home.list().first { $0.happySessionId == id }?.id)
        #expect(try await home.hapi("send", record, "say", "remember this").status == 0)
        try await eventually("the conversation's id on record") {
            try home.nativeID(record) != nil
        }
        #expect(try await home.hapi("runner", "stop-session", record).status == 0)
        return record
    }

    @Test(arguments: ["opencode", "codex"]) func aFinishedSessionIsGoneOnWith(agent: String) async throws {
        try await TestHome.with(nil, Self.own) { home in
            try home.install(agent, agent == "codex" ? "codex.py" : "acp.py")
            try await home.startRunner()
            let record = try await Self.ended(home, agent)
            let native = try #require(try home.nativeID(record))
            let offered = try await home.hapi("runner", "resume")
            #expect(offered.status == 0 && offered.output.contains("hapi runner resume ID"), "\(offered)")
            let resumed = try await home.hapi("runner", "resume", record)
            #expect(resumed.status == 0, "\(resumed)")
            let live = try #require(try await home.list().first)
            #expect(live.id != record && live.agent == agent)
            try await eventually("the same conversation") { try home.nativeID(live.id) == native }
            let again = try await home.hapi("runner", "resume", live.id)
            #expect(again.status == 1 && again.errors.contains("has not ended"), "\(again)")
            let none = try await home.hapi("runner", "resume")
            #expect(
                none.output.contains("There is no conversation to resume") || !none.output.contains(live.id))
        }
    }

    @Test func aSessionWithoutAConversationSaysSo() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            let refused = try await home.hapi("runner", "resume", id)
            #expect(refused.status == 1 && refused.errors.contains("no conversation"), "\(refused)")
        }
    }

    /// A power cut: everything ends at once, and another boot follows.
    static let wishes: [(String, [String])] = [
        (#"{"resumeAfterReboot": true}"#, []), ("{}", ["--resume-after-reboot"]),
    ]

    @Test(arguments: wishes)
    func afterARestartOfTheMachineConversationsAreGoneOnWithIfSomebodySaysSo(
        settings: String, flags: [String]
    ) async throws {
        try await TestHome.with(nil, Self.own) { home in
            try home.writeSettings(settings)
            try home.install("codex", "codex.py")
            try await home.startRunner()
            let id = try await home.spawn("one", ["agent": "codex"])
            let record = try #require(try await home.list().first { $0.happySessionId == id }?.id)
            try await eventually("the conversation's id on record") { try home.nativeID(record) != nil }
            let native = try #require(try home.nativeID(record))
            try await home.killRunner()
            try await home.killUnseen(record)
            try await home.inStore("UPDATE launches SET boot_id = 'the boot before'")
            try await home.inStore(
                "UPDATE runners SET boot_id = 'the boot before', started_at = started_at - 60000")
            try await home.startRunner([:], flags)
            let live = try await eventually("the session that goes on", within: .seconds(20)) {
                try await home.list().first { $0.id != record && $0.state == "running" }
            }
            #expect(live.agent == "codex")
            try await eventually("the same conversation") { try home.nativeID(live.id) == native }
        }
    }
}

extension TestHome {
    /// The agent's own conversation id of a session, from the store.
    func nativeID(_ record: String) throws -> String? {
        try StoreConnection(path: store, mode: .readOnly).read { reading throws(StoreError) in
            try reading.session(record)?.nativeID
        }
    }
}
