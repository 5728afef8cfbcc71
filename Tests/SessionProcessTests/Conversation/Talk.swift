import HubProtocol

@testable import SessionProcess

/// A conversation, driven by hand.
struct Talk {
    var conversation: Conversation
    var time: Int64 = 0

    static let codexFamily = AgentRow(
        name: "kimi", program: "kimi", arguments: { _ in [] }, dialect: { ClaudeDialect($0) },
        family: .codex, nativeIDKey: "kimiSessionId", modes: ["default", "read-only", "safe-yolo", "yolo"])

    init(_ row: AgentRow = AgentTable.claude, opening: AgentOpening = AgentOpening(directory: "/work")) {
        conversation = Conversation(row, opening: opening)
    }

    /// One whose agent is there.
    static func ready(_ row: AgentRow = AgentTable.claude) -> Talk {
        var talk = Talk(row)
        _ = talk.happens(.begin)
        _ = talk.agent(.ready)
        return talk
    }

    /// One whose agent works on the prompt `p`.
    static func working(_ row: AgentRow = AgentTable.claude) -> Talk {
        var talk = ready(row)
        _ = talk.says("p", "do it")
        _ = talk.agent(.promptStarted(id: uuid(from: "p")))
        return talk
    }

    mutating func happens(_ event: ConversationEvent, after milliseconds: Int64 = 0) -> [ConversationAction] {
        time += milliseconds
        return conversation.handle(event, at: Moment(wall: 1_000_000 + time, uptime: time))
    }

    mutating func agent(_ event: AgentEvent, after milliseconds: Int64 = 0) -> [ConversationAction] {
        happens(.agent(event), after: milliseconds)
    }

    mutating func says(_ key: String, _ text: String, steers: Bool = false) -> [ConversationAction] {
        happens(.message(PersonMessage(key: key, text: text, steers: steers)))
    }
}

extension [ConversationAction] {
    var said: [Utterance] { compactMap { if case .say(let utterance) = $0 { utterance } else { nil } } }
    var commands: [AgentCommand] {
        compactMap { if case .command(let command) = $0 { command } else { nil } }
    }
    var replies: [Reply] { compactMap { if case .reply(_, let reply) = $0 { reply } else { nil } } }
    var facts: [ConversationFact] { compactMap { if case .record(let fact) = $0 { fact } else { nil } } }
    var consumed: [String] {
        flatMap { action -> [String] in
            if case .consumed(let keys, _, _) = action { keys } else { [] }
        }
    }
    var starts: [AgentOpening] {
        compactMap { if case .startAgent(let opening) = $0 { opening } else { nil } }
    }
}

func bash(_ id: String, _ command: String = "make") -> ToolCall {
    ToolCall(id: id, name: "Bash", input: ["command": .string(command)])
}
