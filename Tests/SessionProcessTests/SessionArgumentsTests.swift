import Testing

@testable import Home
@testable import Processes
@testable import SessionProcess

@Suite struct SessionArgumentsTests {
    /// The words, and what they change about the arguments of no words.
    static let understood: [(String, @Sendable (inout SessionArguments) -> Void)] = [
        ("", { _ in }),
        ("claude", { _ in }),
        ("codex", { $0.agent = .codex }),
        ("hello", { $0.agentArguments = ["hello"] }),
        ("--started-by runner", { $0.startedByRunner = true }),
        ("--started-by terminal", { _ in }),
        ("--hapi-starting-mode remote", { $0.startingMode = .remote }),
        (
            "kimi --hapi-starting-mode local",
            {
                $0.agent = .kimi
                $0.startingMode = .local
            }
        ),
        ("--existing-session-id 987f738a-de72", { $0.existingSessionID = "987f738a-de72" }),
        ("--hapi-session-id 987F", { $0.existingSessionID = "987F" }),
        (
            "--model M",
            {
                $0.model = "M"
                $0.agentArguments = ["--model", "M"]
            }
        ),
        (
            "--effort E x",
            {
                $0.effort = "E"
                $0.agentArguments = ["--effort", "E", "x"]
            }
        ),
        (
            "--resume T --fork-session",
            {
                $0.resumedID = "T"
                $0.forks = true
                $0.agentArguments = ["--resume", "T", "--fork-session"]
            }
        ),
        (
            "--permission-mode plan",
            {
                $0.permissionMode = "plan"
                $0.agentArguments = ["--permission-mode", "plan"]
            }
        ),
        (
            "--yolo",
            {
                $0.permissionMode = "bypassPermissions"
                $0.agentArguments = ["--dangerously-skip-permissions"]
            }
        ),
        (
            "grok --yolo",
            {
                $0.agent = .grok
                $0.permissionMode = "yolo"
                $0.agentArguments = ["--yolo"]
            }
        ),
        (
            "codex --yolo",
            {
                $0.agent = .codex
                $0.permissionMode = "yolo"
                $0.agentArguments = ["--dangerously-bypass-approvals-and-sandbox"]
            }
        ),
        (
            "codex resume T --model-reasoning-effort high --service-tier fast --collaboration-mode plan",
            {
                $0.agent = .codex
                $0.resumedID = "T"
                $0.modelReasoningEffort = "high"
                $0.agentArguments = [
                    "resume", "T", "-c", "model_reasoning_effort=high", "-c", "service_tier=fast",
                ]
            }
        ),
        (
            "codex --permission-mode read-only",
            {
                $0.agent = .codex
                $0.permissionMode = "read-only"
                $0.agentArguments = ["--sandbox", "read-only"]
            }
        ),
        (
            "codex --permission-mode default",
            {
                $0.agent = .codex
                $0.permissionMode = "default"
            }
        ),
        ("claude codex", { $0.agentArguments = ["codex"] }),
        (
            "-p hi -- --started-by runner --yolo",
            {
                $0.lastArguments = ["--started-by", "runner", "--yolo"]
                $0.agentArguments = ["-p", "hi", "--", "--started-by", "runner", "--yolo"]
            }
        ),
    ]

    @Test(arguments: understood)
    func ourOwnFlagsAreTakenAndTheRestIsTheAgents(
        words: String, change: @Sendable (inout SessionArguments) -> Void
    ) throws {
        var wanted = try SessionArguments([])
        change(&wanted)
        #expect(try SessionArguments(words.split(separator: " ").map(String.init)) == wanted)
    }

    static let refused: [([String], String)] = [
        (["gemini"], "the agent is 'gemini': one that is still offered is needed"),
        (["--started-by"], "--started-by is '': a value is needed"),
        (["--started-by", "me"], "--started-by is 'me': runner or terminal is needed"),
        (["--hapi-starting-mode", "pty"], "--hapi-starting-mode is 'pty': local or remote is needed"),
        (["--existing-session-id", ""], "--existing-session-id is '': a session id is needed"),
        (["--existing-session-id", "../x"], "--existing-session-id is '../x': a session id is needed"),
        (["pi", "--model"], "--model is '': a value is needed"),
        (["codex", "--service-tier"], "--service-tier is '': a value is needed"),
    ]

    @Test(arguments: refused)
    func aValueThatCannotBeUsedIsNamed(words: [String], message: String) {
        let error = #expect(throws: ConfigurationError.self) { try SessionArguments(words) }
        #expect(error?.description == message)
    }
}
