import Glibc
import HubProtocol
import Processes
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
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
                symlink(try #require(program), home.root + "/bin/" + name)
                try await home.startRunner(try configure(home, port))
                let chat = Chat(hub, try await home.spawn("one", ["agent": .string(agent)]))
                try await body(home, chat)
                try await chat.isIdle()
                _ = try await hub.call("killSession", of: chat.id)
                try await eventually("the session's end") { try await chat.row()["ended"]?.isNull == false }
                #expect(try await chat.row()["faults"] == [])
            }
        }
        model.closeInput()
    }

    /// Kills the child processes of the session's process.
    static func killAgent(_ home: TestHome, _ chat: Chat) async throws {
        let session = try await home.process(of: chat.id)
        for child in ProcessTree.now().descendants(of: [session], sparing: { _ in false }) {
            kill(child.pid, SIGKILL)
        }
    }
}
