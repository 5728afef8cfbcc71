import HubProtocol

/// The Agent Client Protocol, version 1 (session contract §11), as a pure state machine.
struct ACPDialect: JSONRPCDialect {
    enum Purpose: Equatable, Sendable {
        case initialize
        case newSession
        /// Answered after the whole history has been replayed.
        case loadSession
        case resumeSession
        case prompt
        /// - Parameter number: tells the answer that is waited for from earlier ones.
        case set(AgentSetting, value: String, number: Int)
        case cancelled
    }

    /// The turn of the current prompt.
    struct Turn: Equatable, Sendable {
        /// Set once the agent has answered the prompt; the turn ends a little later.
        var end: TurnEnd?
        var isCancelled = false
        var saidRetrying = false
        var quietWaits = 0
    }

    let opening: AgentOpening
    /// The agent's name, for people.
    let agent: String
    /// The permission modes that the hub knows for this agent.
    let hubModes: [String]
    let readFile: @Sendable (String) -> [UInt8]?
    var requests = OpenRequests<Purpose>()
    var sessionID: String?
    var canLoad = false
    var canResume = false
    var takesImages = false
    var loginMethods: [String] = []
    var isReplaying = false
    var isReady = false
    var turn: Turn?
    var tools: [String: ACPToolCall] = [:]
    /// Ids of calls whose card is closed, newest last. Later updates for them are ignored.
    var closed: [String] = []
    var permissions: [String: ACPPermission] = [:]
    var options = ACPOptions()
    var mode: String
    /// The setting that is being sent, and those to send after it.
    var settings: [AgentSetting] = []
    var settingNumber = 0
    /// A prompt that waits until all settings are decided.
    var held: Prompt?
    var usage = TokenUsage()
    var segments: TextSegments

    /// Some agents still send something after the answer that ends a turn.
    static let quiet = Duration.milliseconds(150)
    static let longestQuietWaits = 10

    init(
        _ opening: AgentOpening, agent: String, hubModes: [String], idPrefix: String? = nil,
        readFile: @escaping @Sendable (String) -> [UInt8]? = AttachedFile.read
    ) {
        self.opening = opening
        self.agent = agent
        self.hubModes = hubModes
        self.readFile = readFile
        mode = opening.mode ?? hubModes.first ?? "default"
        segments = idPrefix.map { TextSegments(prefix: $0) } ?? TextSegments()
    }

    mutating func open() -> [AgentStep] {
        let capabilities: JSONValue = [
            "fs": ["readTextFile": false, "writeTextFile": false], "terminal": false,
        ]
        return initialize(["protocolVersion": 1, "clientCapabilities": capabilities], for: .initialize)
    }

    mutating func alarmRang(_ name: String) -> [AgentStep] {
        switch name {
        case "opening" where !isReady:
            return [.giveUp("\(agent) did not answer within \(Self.openingPatience.components.seconds) s")]
        case "quiet": return endTurn()
        case "setting": return settingIsLate()
        default: return []
        }
    }

    // MARK: Answers

    mutating func succeeded(_ purpose: Purpose, _ result: JSONValue) -> [AgentStep] {
        switch purpose {
        case .initialize: initialized(result)
        case .newSession: begin(result["sessionId"]?.words, result)
        case .loadSession, .resumeSession: begin(opening.nativeID, result)
        case .prompt: answered(result)
        case .set(let setting, let value, let number): adopted(setting, value, number, result)
        case .cancelled: []
        }
    }

    mutating func failed(_ purpose: Purpose, _ failure: JSONRPC.Failure) -> [AgentStep] {
        switch purpose {
        case .initialize: [.giveUp("\(agent) refused to begin: \(failure)")]
        case .newSession: [.giveUp(refusal(failure))]
        case .loadSession, .resumeSession:
            failure.code == JSONRPC.Failure.authenticationRequired
                ? [.giveUp(refusal(failure))] : resumeFailed("\(failure)")
        case .prompt: promptFailed(failure)
        case .set(let setting, _, let number): refused(setting, number, failure)
        case .cancelled: []
        }
    }

    private func refusal(_ failure: JSONRPC.Failure) -> String {
        guard failure.code == JSONRPC.Failure.authenticationRequired else {
            return "\(agent) could not begin a conversation: \(failure)"
        }
        let ways = loginMethods.isEmpty ? "" : " (it offers: \(loginMethods.joined(separator: ", ")))"
        return
            "\(agent) wants you to log in. Run it once in a terminal of this machine and log in there\(ways)"
    }
}
