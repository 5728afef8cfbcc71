import HubProtocol

/// What an agent is told, whatever protocol it speaks. (The arguments of a session process are another
/// thing: ``SessionArguments``.)
package enum AgentCommand: Equatable, Sendable {
    /// Begins a turn. Not given while one runs. Slash words come as they were typed: a dialect whose
    /// protocol has a call for one of them (`/compact`) looks for it here.
    case prompt(Prompt)
    /// Joins the running turn. Only for agents whose row says they can.
    case steer(Prompt)
    /// - Parameter request: the id that the agent gave it.
    case answer(request: String, PermissionAnswer)
    case interrupt
    case set(AgentSetting)
}

package struct Prompt: Equatable, Sendable {
    /// A UUID of ours; ``AgentEvent/promptStarted(id:)`` names it.
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
        /// Denied, and the turn is to end.
        case abort
    }

    package var decision: Decision
    /// The request's input, for agents that want it back.
    package var input: JSONValue
    /// The permission mode to go on with.
    package var mode: String?
    /// What is allowed for the session besides, as the web app spells it: `Bash(ls)`, `Read`.
    package var allowedTools: [String]
    /// By a question's index or id.
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

/// What a person decided, as the web app's buttons say it (session contract §5.2).
package struct Decision: Equatable, Sendable {
    package var answer: PermissionAnswer
    /// Who: `hub`, `attached`, `mode`, `rule`.
    package var by: String

    package init(_ answer: PermissionAnswer, by: String = "hub") {
        self.answer = answer
        self.by = by
    }
}
