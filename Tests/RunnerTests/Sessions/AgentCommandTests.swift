import HubProtocol
import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner
@testable import SessionProcess

@Suite struct AgentCommandTests {
    /// All options at once.
    private static var everything: SpawnParameters {
        var parameters = SpawnParameters(directory: "/work")
        parameters.model = "M"
        parameters.effort = "E"
        parameters.modelReasoningEffort = "R"
        parameters.serviceTier = "fast"
        parameters.collaborationMode = "plan"
        parameters.copilotAgentMode = "autopilot"
        parameters.permissionMode = "plan"
        parameters.yolo = true
        parameters.resumeSessionId = "T"
        parameters.existingSessionId = "H"
        parameters.sessionId = "S"
        parameters.startingMode = "pty"
        parameters.forkSession = true
        return parameters
    }

    private static let start = "--hapi-starting-mode pty --started-by runner"

    static let full: [(Agent, String)] =
        [
            (
                .agy,
                "agy --resume T \(start) --existing-session-id H --model M --effort E --permission-mode plan"
            ),
            (
                .claude,
                "claude --resume T --fork-session \(start) --existing-session-id H --model M --effort E "
                    + "--permission-mode plan"
            ),
            (
                .codex,
                "codex resume T \(start) --existing-session-id H --model M --model-reasoning-effort R "
                    + "--service-tier fast --collaboration-mode plan --permission-mode plan"
            ),
            (
                .copilot,
                "copilot --resume T \(start) --model M --copilot-agent-mode autopilot --permission-mode plan"
            ),
            (.cursor, "cursor --resume T \(start) --existing-session-id H --model M --permission-mode plan"),
            (.dsh, "dsh --resume T \(start) --existing-session-id H --model M"),
            (
                .grok,
                "grok --resume T \(start) --existing-session-id H --model M --effort E --permission-mode plan"
            ),
            (.kimi, "kimi --resume T \(start) --model M --permission-mode plan"),
            (
                .opencode,
                "opencode --resume T \(start) --existing-session-id H --model M --model-reasoning-effort R "
                    + "--permission-mode plan"
            ),
            (.pi, "pi --session-id T \(start) --existing-session-id H --model M --effort E"),
        ]
        + [Agent.auggie, .goose, .qwen, .vibe, .fastAgent].map { agent in
            let words = "--resume T \(start) --existing-session-id H --model M --permission-mode plan"
            return (agent, "\(agent.rawValue) \(words)")
        }

    @Test func everyAgentIsInTheTable() {
        #expect(Self.full.map(\.0) == Agent.allCases)
    }

    @Test(arguments: full)
    func eachAgentGetsItsOptionsInOrder(agent: Agent, words: String) {
        #expect(AgentCommand.arguments(agent, Self.everything).joined(separator: " ") == words)
    }

    @Test(arguments: Agent.allCases)
    func withoutOptionsThereIsOnlyTheBeginning(agent: Agent) {
        let words = [agent.rawValue, "--hapi-starting-mode", "remote", "--started-by", "runner"]
        #expect(AgentCommand.arguments(agent, SpawnParameters(directory: "/work")) == words)
    }

    @Test func theExamplesOfTheContractHold() {
        var fresh = SpawnParameters(directory: "/work")
        fresh.permissionMode = "default"
        #expect(
            AgentCommand.arguments(.claude, fresh).joined(separator: " ")
                == "claude --hapi-starting-mode remote --started-by runner --permission-mode default")
        var resumed = SpawnParameters(directory: "/work")
        resumed.resumeSessionId = "T"
        resumed.existingSessionId = "H"
        resumed.model = "M"
        #expect(
            AgentCommand.arguments(.codex, resumed).joined(separator: " ")
                == "codex resume T --hapi-starting-mode remote --started-by runner --existing-session-id H --model M"
        )
    }

    @Test(arguments: [("H", "S", "H"), (nil, "S", "S"), ("H", nil, "H"), (nil, nil, nil)])
    func theExistingSessionHasTwoNames(existing: String?, session: String?, expected: String?) {
        var parameters = SpawnParameters(directory: "/work")
        parameters.existingSessionId = existing
        parameters.sessionId = session
        let words = AgentCommand.arguments(.cursor, parameters)
        #expect(Array(words.dropFirst(5)) == (expected.map { ["--existing-session-id", $0] } ?? []))
        // A plain claude makes a new session every time.
        #expect(AgentCommand.arguments(.claude, parameters).count == 5)
        #expect(AgentCommand.arguments(.kimi, parameters).count == 5)
        #expect(AgentCommand.arguments(.copilot, parameters).count == 5)
    }

    @Test func aForkIsClaudesAlone() {
        var parameters = SpawnParameters(directory: "/work")
        parameters.forkSession = true
        for agent in Agent.allCases {
            #expect(
                AgentCommand.arguments(agent, parameters).contains("--fork-session") == (agent == .claude))
        }
        parameters.forkSession = false
        #expect(!AgentCommand.arguments(.claude, parameters).contains("--fork-session"))
    }

    static let modes = [
        "default", "acceptEdits", "auto", "bypassPermissions", "plan", "read-only", "safe-yolo", "yolo",
        "ask",
        "debug", "autoReview", "request-review", "always-proceed",
    ]

    @Test(arguments: modes, [nil, true])
    func aPermissionModeWinsOverYolo(mode: String, yolo: Bool?) {
        var parameters = SpawnParameters(directory: "/work")
        parameters.permissionMode = mode
        parameters.yolo = yolo
        #expect(AgentCommand.arguments(.claude, parameters).suffix(2) == ["--permission-mode", mode])
    }

    @Test(arguments: ["", "PLAN", "--yolo", "plan --yolo"], [nil, false, true])
    func aModeThatDoesNotExistFallsBackToYolo(mode: String, yolo: Bool?) {
        var parameters = SpawnParameters(directory: "/work")
        parameters.permissionMode = mode
        parameters.yolo = yolo
        #expect(AgentCommand.arguments(.claude, parameters).dropFirst(5) == (yolo == true ? ["--yolo"] : []))
    }

    @Test(arguments: Agent.allCases)
    func yoloIsForThoseWhoAskForPermission(agent: Agent) {
        var parameters = SpawnParameters(directory: "/work")
        parameters.yolo = true
        let words = AgentCommand.arguments(agent, parameters)
        #expect(words.contains("--yolo") == (agent != .pi && agent != .dsh))
    }

    @Test func theStandardModesAreNotSaid() {
        var parameters = SpawnParameters(directory: "/work")
        parameters.collaborationMode = "default"
        parameters.copilotAgentMode = "interactive"
        #expect(AgentCommand.arguments(.codex, parameters).count == 5)
        #expect(AgentCommand.arguments(.copilot, parameters).count == 5)
    }

    @Test(arguments: [
        (nil, Agent.claude), ("claude", .claude), ("codex", .codex), ("unheard-of", .claude), ("", .claude),
        ("CODEX", .claude), ("pi", .pi),
    ])
    func anAgentThatIsNotKnownIsClaude(name: String?, agent: Agent) {
        var parameters = SpawnParameters(directory: "/work")
        parameters.agent = name
        #expect(SpawnRequest(id: nil, source: .hub, parameters: parameters).agent == agent)
    }

    /// Our own session process understands the runner's arguments.
    @Test(arguments: Agent.allCases)
    func theSessionProcessUnderstandsItsArguments(agent: Agent) throws {
        var parameters = Self.everything
        parameters.startingMode = nil
        parameters.existingSessionId = "987f738a-de72-4fe4-8977-48cdb185b178"
        let words = AgentCommand.arguments(agent, parameters)
        let understood = try SessionArguments(words)
        #expect(understood.agent == agent)
        #expect(understood.startedByRunner)
        #expect(understood.startingMode == .remote)
        #expect(understood.model == "M")
        #expect(understood.effort == (words.contains("--effort") ? "E" : nil))
        #expect((understood.existingSessionID != nil) == words.contains("--existing-session-id"))
        #expect(!understood.agentArguments.contains { $0.hasPrefix("--hapi") || $0 == "--started-by" })
    }
}
