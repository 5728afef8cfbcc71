import Glibc
import HubProtocol
import Processes
import RunnerStore
import RunnerTestSupport
import Testing

/// Real agents, if `make test-agents` has installed them, with a scripted model on loopback.
enum RealAgents {
    static let claude = program("claude")
    static let codex = program("codex")
    static let vibe = program("vibe-acp")

    /// nil if it is not installed.
    private static func program(_ name: String) -> String? {
        let path = Paths.root + "/.venv-agents/agents/" + name
        return access(path, X_OK) == 0 ? path : nil
    }

    /// Runs `body` with a session of the agent, and checks at the end that the web app could show everything.
    ///
    /// - Parameters:
    ///   - program: the contents of the agent's program in the home's `bin`.
    ///   - configure: writes the agent's own configuration, given the home and the model's port; returns the
    ///     environment it needs.
    static func with(
        _ agent: String, _ program: String?, as name: String,
        _ configure: (TestHome, String) throws -> [String: String],
        _ body: (TestHome, Chat) async throws -> Void
    ) async throws {
        let model = try ChildProcess(
            [Paths.python, Paths.root + "/Tests/Agents/model.py"], environment: ["PATH": Paths.searchPath],
            input: .held)
        let port = try await model.firstLine().split(separator: " ").last.map(String.init) ?? ""
        // The hub's rows, so that it can be ended and started again.
        let rows = "/tmp/hapi-real-\(getpid())-\(agent).json"
        unlink(rows)
        defer { unlink(rows) }
        try await TestHub.with(["--data", rows]) { hub in
            try await TestHome.with(hub, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
                symlink(try #require(program), home.root + "/bin/" + name)
                try await home.startRunner(try configure(home, port))
                let chat = Chat(hub, try await home.spawn("one", ["agent": .string(agent)]))
                try await body(home, chat)
                let live = try await home.control().post("list").body["children"]?.array ?? []
                // Another one where the first was killed and resumed under an id of its own.
                let last = Chat(hub, try #require(live.first?["happySessionId"]?.string))
                try await last.isIdle()
                _ = try await hub.call("killSession", of: last.id)
                try await eventually("the session's end") { try await last.row()["ended"]?.isNull == false }
                for each in Set([chat.id, last.id]) {
                    let faults = try await Chat(hub, each).row()["faults"]
                    #expect(faults == [], "\(String(describing: faults))")
                }
            }
        }
        model.closeInput()
    }

    /// Kills the session's process while a question waits on the card, and goes on with the conversation in
    /// another process. It has a row of its own where HAPI's program would take no existing one: the hub makes
    /// one of both.
    static func killSession(_ home: TestHome, _ chat: Chat, of agent: String, askingOn card: String)
        async throws -> Chat
    {
        let native = try #require(try await chat.row()["metadata"]?["\(agent)SessionId"]?.string)
        let process = try await home.process(of: chat.id)
        let below = ProcessTree.now().descendants(of: [process], sparing: { _ in false })
        #expect(!below.isEmpty)
        kill(process.pid, SIGKILL)
        _ = try await home.ending(of: chat.id)
        try await eventually("the end of the agent too", within: .seconds(30)) {
            below.allSatisfy { !isAlive($0) }
        }
        let again = try await home.spawn(
            "one",
            [
                "agent": .string(agent), "resumeSessionId": .string(native),
                "existingSessionId": .string(chat.id),
            ])
        #expect((again == chat.id) == (agent != "claude"))
        try await eventually("the old question to be canceled") {
            let state = try await chat.row()["agentState"]
            return state?["completedRequests"]?[card]?["status"]?.string == "canceled"
                && state?["requests"] == [:]
        }
        return Chat(chat.hub, again)
    }

    /// Ends the hub while the agent is answering, and starts it again once the turn is over; the answer that
    /// the hub then has is given in `answers`, once.
    static func loseHub(
        _ home: TestHome, _ chat: Chat, _ answers: () async throws -> [String]
    ) async throws {
        let before = try ended(home, chat)
        try await chat.say("slow 6", as: "outage")
        try await eventually("the turn") { try await chat.row()["thinking"]?.bool == true }
        try await chat.hub.stop()
        try await eventually("the turn's end without a hub", within: .seconds(60)) {
            try ended(home, chat) > before
        }
        try await chat.hub.startAgain()
        try await eventually("the whole answer", within: .seconds(60)) {
            try await answers().contains("one two three four five six")
        }
        try await chat.isIdle()
        #expect(try await answers().filter { $0.hasPrefix("one") } == ["one two three four five six"])
    }

    private static func ended(_ home: TestHome, _ chat: Chat) throws -> Int {
        try StoreConnection(path: home.store, mode: .readOnly).read { reading throws(StoreError) in
            let session = try reading.sessions(named: chat.id).first?.id ?? ""
            return try reading.turns(of: session).filter { $0.endedAt != nil }.count
        }
    }

    /// Kills the child processes of the session's process.
    static func killAgent(_ home: TestHome, _ chat: Chat) async throws {
        let session = try await home.process(of: chat.id)
        for child in ProcessTree.now().descendants(of: [session], sparing: { _ in false }) {
            kill(child.pid, SIGKILL)
        }
    }
}
