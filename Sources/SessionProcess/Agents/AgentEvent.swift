import HubProtocol

/// What an agent reports, independent of its protocol.
package enum AgentEvent: Equatable, Sendable {
    /// The agent accepts commands now.
    case ready
    /// The agent's own id of the conversation, which resumes it.
    case identified(nativeID: String)
    /// The conversation to resume does not exist. The agent exits, or begins a new conversation.
    case resumeFailed(reason: String)
    /// The agent has begun the prompt with this id, or has taken it into the running turn.
    case promptStarted(id: String)
    /// The agent works without a prompt, on a result of an earlier one.
    case turnBegan
    /// A person typed this into the agent's own program in a terminal.
    case typed(String)
    case said(Passage)
    /// Opens a tool's card, or updates the card with the same id.
    case tool(ToolCall)
    case toolEnded(ToolResult)
    /// Replaces the previous plan.
    case plan([PlanEntry])
    case permissionRequested(PermissionRequest)
    /// The agent no longer wants an answer.
    case permissionWithdrawn(id: String)
    case usage(TokenUsage)
    case settingChanged(AgentSetting)
    /// The agent refuses a `set` command.
    case settingRefused(AgentSetting, reason: String)
    case modesAvailable([AgentOption])
    case modelsAvailable([AgentOption])
    case effortsAvailable([AgentOption])
    case commandsAvailable([SlashCommand])
    /// The names of the skills. Each is also the name of a command.
    case skillsAvailable([String])
    /// A command that ran in the background has ended.
    case backgroundEnded(id: String, summary: String)
    case titled(String)
    case noticed(AgentNotice)
    case turnEnded(TurnEnd)
    /// The agent's process has exited. This is the last event.
    case exited(AgentExit)
}

/// Text or reasoning. Chunks with the same id form one passage; a whole passage replaces its chunks.
package struct Passage: Equatable, Sendable {
    package enum Kind: Sendable { case text, reasoning }
    package enum Extent: Sendable { case chunk, whole }

    package var id: String
    package var kind: Kind
    package var extent: Extent
    package var text: String
    /// The card of the subagent that says it.
    package var parent: String?

    package init(
        id: String, kind: Kind = .text, extent: Extent = .whole, text: String, parent: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.extent = extent
        self.text = text
        self.parent = parent
    }
}

/// A tool call, with a name that the web app has a view for (session contract §4.3).
package struct ToolCall: Equatable, Sendable {
    package var id: String
    package var name: String
    package var input: JSONValue
    package var description: String?
    package var nativeTitle: String?
    package var nativeKind: String?
    /// The card of the subagent that uses it.
    package var parent: String?

    package init(
        id: String, name: String, input: JSONValue, description: String? = nil, nativeTitle: String? = nil,
        nativeKind: String? = nil, parent: String? = nil
    ) {
        self.id = id
        self.name = name
        self.input = input
        self.description = description
        self.nativeTitle = nativeTitle
        self.nativeKind = nativeKind
        self.parent = parent
    }
}

package struct ToolResult: Equatable, Sendable {
    package var id: String
    /// A string, or content blocks.
    package var output: JSONValue
    package var isError: Bool
    /// A form of the output that the web app's view of this tool displays better.
    package var structured: JSONValue?
    package var parent: String?

    package init(
        id: String, output: JSONValue, isError: Bool = false, structured: JSONValue? = nil,
        parent: String? = nil
    ) {
        self.id = id
        self.output = output
        self.isError = isError
        self.structured = structured
        self.parent = parent
    }
}

package struct PlanEntry: Equatable, Sendable {
    package var content: String
    /// `high`, `medium` or `low`.
    package var priority: String
    /// `pending`, `in_progress` or `completed`.
    package var status: String

    package init(content: String, priority: String = "medium", status: String = "pending") {
        self.content = content
        self.priority = priority
        self.status = status
    }
}

package struct PermissionRequest: Equatable, Sendable {
    package enum Kind: Sendable {
        case tool
        /// Needs answers, not approval.
        case question
        /// Leaving plan mode.
        case plan
    }

    /// The agent's id of the request, which the answer refers to.
    package var id: String
    package var kind: Kind
    /// The complete card that the request is about. It is opened if it is not open yet.
    package var tool: ToolCall

    package init(id: String, kind: Kind = .tool, tool: ToolCall) {
        self.id = id
        self.kind = kind
        self.tool = tool
    }
}

/// The tokens in the context, and the tokens used since the conversation began.
package struct TokenUsage: Equatable, Sendable {
    package var model: String?
    package var input: Int
    package var output: Int
    package var cachedInput: Int?
    package var contextTokens: Int?
    package var contextWindow: Int?
    /// In Claude's own format.
    package var native: JSONValue?

    package init(
        model: String? = nil, input: Int = 0, output: Int = 0, cachedInput: Int? = nil,
        contextTokens: Int? = nil, contextWindow: Int? = nil, native: JSONValue? = nil
    ) {
        self.native = native
        self.model = model
        self.input = input
        self.output = output
        self.cachedInput = cachedInput
        self.contextTokens = contextTokens
        self.contextWindow = contextWindow
    }
}

/// A setting that can change while the agent runs. With a nil model or effort, the agent chooses.
package enum AgentSetting: Equatable, Sendable {
    case mode(String)
    case model(String?)
    case effort(String?)
}

package struct AgentOption: Equatable, Sendable {
    package var id: String
    package var name: String?

    package init(id: String, name: String? = nil) {
        self.id = id
        self.name = name
    }
}

package struct SlashCommand: Equatable, Sendable {
    package var name: String
    package var description: String?
    /// `builtin`, `user`, `project` or `plugin`.
    package var source: String

    package init(name: String, description: String? = nil, source: String = "builtin") {
        self.name = name
        self.description = description
        self.source = source
    }
}

package enum AgentNotice: Equatable, Sendable {
    /// Shown in grey.
    case message(String)
    /// Shown in red.
    case error(String)
    case retrying(attempt: Int, of: Int, reason: String)
    case compacted(trigger: String, tokensBefore: Int)
    /// The conversation was emptied; a new native id follows.
    case cleared
}

package struct TurnEnd: Equatable, Sendable {
    package enum Outcome: Equatable, Sendable {
        case completed
        case interrupted
        /// The reason in words; nil if the agent has already given it.
        case failed(String?)
    }

    package var outcome: Outcome
    package var milliseconds: Int64?
    /// Claude's summary of the turn, in the format that the web app displays.
    package var summary: JSONValue?

    package init(_ outcome: Outcome, milliseconds: Int64? = nil, summary: JSONValue? = nil) {
        self.outcome = outcome
        self.milliseconds = milliseconds
        self.summary = summary
    }
}

package struct AgentExit: Equatable, Sendable {
    /// `with status 1`, `by SIGKILL`; nil if the agent could not be started.
    package var status: String?
    /// The last output for people, or why the agent could not be started.
    package var lastWords: String
    /// The exit status as a shell reports it; nil if unknown, or after ``AgentStep/giveUp(_:)``.
    package var code: Int32?

    package init(status: String?, lastWords: String = "", code: Int32? = nil) {
        self.status = status
        self.lastWords = lastWords
        self.code = code
    }
}
