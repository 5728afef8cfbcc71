import HubProtocol

/// A command for an agent, independent of its protocol. (The command-line arguments of a session process are
/// ``SessionArguments``.)
package enum AgentCommand: Equatable, Sendable {
    /// Starts a turn. Never sent while one is running. Slash commands arrive as typed; a dialect whose
    /// protocol has a call for one of them (`/compact`) handles it.
    case prompt(Prompt)
    /// Adds a message to the running turn. Only for agents with ``AgentRow/steers``.
    case steer(Prompt)
    /// - Parameter request: the agent's id of the request.
    case answer(request: String, PermissionAnswer)
    case interrupt
    case set(AgentSetting)
}

package struct Prompt: Equatable, Sendable {
    /// Our own UUID, which ``AgentEvent/promptStarted(id:)`` refers to.
    package var id: String
    package var text: String
    package var attachments: [Attachment]

    package init(id: String, text: String, attachments: [Attachment] = []) {
        self.id = id
        self.text = text
        self.attachments = attachments
    }
}

package struct Attachment: Equatable, Sendable {
    package var path: String
    package var filename: String
    package var mimeType: String

    package init(path: String, filename: String, mimeType: String) {
        self.path = path
        self.filename = filename
        self.mimeType = mimeType
    }
}

package struct PermissionAnswer: Equatable, Sendable {
    package enum Decision: String, Sendable {
        case approved
        case approvedForSession = "approved_for_session"
        case denied
        /// Denied, and the turn must end.
        case abort
    }

    package var decision: Decision
    /// The request's input, for agents that expect it back.
    package var input: JSONValue
    /// The permission mode to continue with.
    package var mode: String?
    /// What else to allow for the session, in the web app's notation: `Bash(ls)`, `Read`.
    package var allowedTools: [String]
    /// The answers, by the index or id of the question.
    package var answers: [String: [String]]
    package var reason: String?

    package init(
        _ decision: Decision, input: JSONValue = .object([:]), mode: String? = nil,
        allowedTools: [String] = [], answers: [String: [String]] = [:], reason: String? = nil
    ) {
        self.decision = decision
        self.input = input
        self.mode = mode
        self.allowedTools = allowedTools
        self.answers = answers
        self.reason = reason
    }
}

/// A person's decision, in the terms of the web app's buttons (session contract §5.2).
package struct Decision: Equatable, Sendable {
    package var answer: PermissionAnswer
    /// Who decided: `hub` or `attached`.
    package var by: String

    package init(_ answer: PermissionAnswer, by: String = "hub") {
        self.answer = answer
        self.by = by
    }
}
