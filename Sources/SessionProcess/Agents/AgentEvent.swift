import HubProtocol

/// What an agent says, whatever protocol it speaks.
package enum AgentEvent: Equatable, Sendable {
    /// It takes commands now.
    case ready
    /// The agent's own id of the conversation: with it the conversation is resumed.
    case identified(nativeID: String)
    /// The conversation that was to be resumed is not there; the agent is about to end.
    case resumeFailed(reason: String)
    /// It has begun to work on the prompt of this id, or taken it into the running turn.
    case promptStarted(id: String)
    /// It works without a prompt: on what came of an earlier one.
    case turnBegan
    /// A person typed this into the agent's own program in a terminal.
    case typed(String)
    case said(Passage)
    /// Opens a tool's card, or refines the one of the same id.
    case tool(ToolCall)
    case toolEnded(ToolResult)
    /// Replaces the former plan.
    case plan([PlanEntry])
    case permissionRequested(PermissionRequest)
    /// The agent wants no answer any more.
    case permissionWithdrawn(id: String)
    case usage(TokenUsage)
    case settingChanged(AgentSetting)
    /// The answer to a `set` command that the agent will not follow.
    case settingRefused(AgentSetting, reason: String)
    case modesAvailable([AgentOption])
    case modelsAvailable([AgentOption])
    case effortsAvailable([AgentOption])
    case commandsAvailable([SlashCommand])
    /// By their names, which are commands' too.
    case skillsAvailable([String])
    /// A command that ran in the background has come to its end.
    case backgroundEnded(id: String, summary: String)
    case titled(String)
    case noticed(AgentNotice)
    case turnEnded(TurnEnd)
    /// The agent's process is gone; nothing follows.
    case exited(AgentExit)
}

/// Something said or thought. Chunks of the same id are one passage; a whole one replaces its chunks.
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

/// A tool at work, under the names that the web app has views for (session contract §4.3).
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
    /// What the web app's view of this tool can draw better than `output`.
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
        /// Needs answers, not consent.
        case question
        /// Leaving plan mode.
        case plan
    }

    /// What the agent calls the request: its answer names it.
    package var id: String
    package var kind: Kind
    /// The card it is about, complete: it is opened if it was not.
    package var tool: ToolCall

    package init(id: String, kind: Kind = .tool, tool: ToolCall) {
        self.id = id
        self.kind = kind
        self.tool = tool
    }
}

/// The context used, and what was used since the conversation began.
package struct TokenUsage: Equatable, Sendable {
    package var model: String?
    package var input: Int
    package var output: Int
    package var cachedInput: Int?
    package var contextTokens: Int?
    package var contextWindow: Int?
    /// As Claude spells it.
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

/// A thing that can be set while the agent runs. A nil model or effort is the agent's own choice.
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
    /// For a person's eyes, in grey.
    case message(String)
    /// In red.
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
        /// Why, in words; nil if the agent has already said it.
        case failed(String?)
    }

    package var outcome: Outcome
    package var milliseconds: Int64?
    /// Claude's summary of the turn, as the web app draws it.
    package var summary: JSONValue?

    package init(_ outcome: Outcome, milliseconds: Int64? = nil, summary: JSONValue? = nil) {
        self.outcome = outcome
        self.milliseconds = milliseconds
        self.summary = summary
    }
}

package struct AgentExit: Equatable, Sendable {
    /// `with status 1`, `by SIGKILL`; nil where it could not be started.
    package var status: String?
    /// The last it wrote for people, or why it could not be started.
    package var lastWords: String
    /// As a shell tells it; nil where that is not known, or the session ended it.
    package var code: Int32?

    package init(status: String?, lastWords: String = "", code: Int32? = nil) {
        self.status = status
        self.lastWords = lastWords
        self.code = code
    }
}
