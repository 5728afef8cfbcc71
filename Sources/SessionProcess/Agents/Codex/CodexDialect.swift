import HubProtocol

/// The protocol of `codex app-server` (session contract §12), as a pure state machine.
struct CodexDialect: JSONRPCDialect {
    enum Purpose: Equatable, Sendable {
        case initialize
        case startThread, resumeThread
        /// A thread that replaces the previous one: `/clear`.
        case clear(prompt: String)
        case startTurn(prompt: String)
        case steer(Prompt)
        case models
        case nothing
    }

    struct Turn: Equatable, Sendable {
        var prompt: String
        /// The agent's id of the turn; nil until it has begun.
        var id: String?
        var isInterrupted = false
        var isCompaction = false
        var error: String?
    }

    /// How much of an item's text has been passed on, in bytes.
    struct Told: Equatable, Sendable {
        var bytes = 0
        var isSummary = false
    }

    let opening: AgentOpening
    var requests = OpenRequests<Purpose>()
    var threadID: String?
    var turn: Turn?
    /// Prompts given while a turn was running.
    var waiting: [Prompt] = []
    var mode: String
    var model: String?
    var effort: String?
    var initialModel: String?
    var initialEffort: String?
    /// Whether the next turn has to name model and effort.
    var namesModel = false
    var namesEffort = false
    var cards: [String: ToolCall] = [:]
    var closed: [String] = []
    var told: [String: Told] = [:]
    var asks: [String: CodexAsk] = [:]
    var usage = TokenUsage()
    var segments: TextSegments
    var isReady = false

    init(_ opening: AgentOpening, idPrefix: String? = nil) {
        self.opening = opening
        mode = opening.mode ?? "default"
        model = opening.model
        effort = opening.effort
        namesModel = opening.model != nil
        namesEffort = opening.effort != nil
        segments = idPrefix.map { TextSegments(prefix: $0) } ?? TextSegments()
    }

    mutating func open() -> [AgentStep] {
        initialize(["capabilities": ["experimentalApi": true]], for: .initialize)
    }

    mutating func alarmRang(_ name: String) -> [AgentStep] {
        name == "opening" && !isReady
            ? [.giveUp("codex did not answer within \(Self.openingPatience.components.seconds) s")] : []
    }

    // MARK: Answers

    mutating func succeeded(_ purpose: Purpose, _ result: JSONValue) -> [AgentStep] {
        switch purpose {
        case .initialize: return initialized()
        case .startThread, .resumeThread: return begin(result)
        case .clear(let prompt): return cleared(prompt, result)
        case .startTurn: return began(result["turn"]?["id"]?.words)
        case .steer(let prompt): return [.event(.promptStarted(id: prompt.id))]
        case .models: return offers(result)
        case .nothing: return []
        }
    }

    mutating func failed(_ purpose: Purpose, _ failure: JSONRPC.Failure) -> [AgentStep] {
        switch purpose {
        case .initialize: return [.giveUp("codex refused to begin: \(failure)")]
        case .startThread:
            return [
                .giveUp(
                    "codex could not begin a conversation: \(failure). Run codex once in a terminal of this machine"
                )
            ]
        case .resumeThread:
            return [.event(.resumeFailed(reason: "\(failure)")), startThread(for: .startThread)]
        case .clear(let prompt), .startTurn(let prompt):
            guard turn?.prompt == prompt else { return [] }
            let started: [AgentStep] = turn?.id == nil ? [.event(.promptStarted(id: prompt))] : []
            return started + endTurn(TurnEnd(.failed("\(failure)")))
        case .steer(let prompt):
            // Too late for the running turn, so the message becomes a turn of its own.
            return self.prompt(prompt)
        case .models, .nothing: return []
        }
    }

    // MARK: Opening

    private mutating func initialized() -> [AgentStep] {
        let greeting = AgentStep.send(.notification(method: "initialized", params: .object([:])))
        guard let native = opening.nativeID else { return [greeting, startThread(for: .startThread)] }
        var params = threadParams
        params["threadId"] = .string(native)
        params["excludeTurns"] = .bool(true)
        return [greeting, request("thread/resume", .object(params), for: .resumeThread)]
    }

    mutating func startThread(for purpose: Purpose) -> AgentStep {
        request("thread/start", .object(threadParams), for: purpose)
    }

    private var threadParams: [String: JSONValue] {
        var params = CodexMode(mode).ofThread
        params["cwd"] = .string(opening.directory)
        params["model"] = .string(model)
        return params
    }

    private mutating func begin(_ result: JSONValue) -> [AgentStep] {
        guard let id = result["thread"]?["id"]?.words else {
            return [.giveUp("codex began a conversation without an id")]
        }
        threadID = id
        isReady = true
        initialModel = result["model"]?.words
        initialEffort = result["reasoningEffort"]?.words
        usage.model = initialModel
        let commands = [
            SlashCommand(name: "compact", description: "Summarize the conversation, to make room"),
            SlashCommand(name: "clear", description: "Begin a new conversation"),
        ]
        return [
            .cancelAlarm("opening"), .event(.identified(nativeID: id)), .event(.commandsAvailable(commands)),
            request("model/list", .object([:]), for: .models), .event(.ready),
        ]
    }

    private func offers(_ result: JSONValue) -> [AgentStep] {
        let models = (result["data"]?.array ?? []).filter { $0["hidden"]?.bool != true }
        let options = models.compactMap { model in
            (model["model"] ?? model["id"])?.words.map {
                AgentOption(id: $0, name: model["displayName"]?.words)
            }
        }
        let current =
            models.first { $0["model"]?.string == usage.model }
            ?? models.first { $0["isDefault"]?.bool == true }
        let efforts = (current?["supportedReasoningEfforts"]?.array ?? []).compactMap { effort in
            (effort["reasoningEffort"]?.words ?? effort.words).map { AgentOption(id: $0) }
        }
        return [.event(.modelsAvailable(options)), .event(.effortsAvailable(efforts))]
    }
}
