import HubProtocol

/// The Agent Client Protocol, version 1 (session contract §11), as a pure state machine.
package struct ACPDialect: AgentDialect {
    enum Purpose: Equatable, Sendable {
        case initialize
        case newSession
        /// Its answer comes after the whole history.
        case loadSession
        case resumeSession
        case prompt
        case set(AgentSetting)
        case cancelled
    }

    /// What the prompt that is being answered has led to.
    struct Turn: Equatable, Sendable {
        /// Set once the agent has answered the prompt; a little later the turn is over.
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
    /// Calls whose card is closed, newest last: what comes for them afterwards is nothing new.
    var closed: [String] = []
    var permissions: [String: ACPPermission] = [:]
    var options = ACPOptions()
    var mode: String
    var usage = TokenUsage()
    var segments: TextSegments

    /// Agents written in Python take seconds to answer the first request.
    static let openingPatience = Duration.seconds(60)
    /// Some agents still have something to say after the answer that ends a turn.
    static let quiet = Duration.milliseconds(150)
    static let longestQuietWaits = 10
    static let openPermissions = 100

    package init(
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

    package mutating func open() -> [AgentStep] {
        let capabilities: [String: JSONValue] = [
            "fs": .object(["readTextFile": .bool(false), "writeTextFile": .bool(false)]),
            "terminal": .bool(false),
        ]
        let client = ["name": "hapi", "title": "hapi", "version": "1"].mapValues { JSONValue.string($0) }
        let params: [String: JSONValue] = [
            "protocolVersion": .integer(1), "clientCapabilities": .object(capabilities),
            "clientInfo": .object(client),
        ]
        return [
            request("initialize", .object(params), for: .initialize),
            .alarm("opening", after: Self.openingPatience),
        ]
    }

    package mutating func received(_ line: JSONValue) -> [AgentStep] {
        let message: JSONRPC.Message
        do {
            message = try JSONRPC.message(line)
        } catch {
            // One that cannot be told apart from noise is noise.
            return error.answer.map { [.send(.failure($0, .invalid(error.reason)))] } ?? []
        }
        switch message {
        case .success(let id, let result):
            return requests.close(id).map { succeeded($0, result) } ?? []
        case .failure(let id, let failure):
            return requests.close(id).map { failed($0, failure) } ?? []
        case .notification(let method, let params): return notified(method, params)
        case .request(let id, let method, let params): return asked(id, method, params)
        }
    }

    package mutating func alarmRang(_ name: String) -> [AgentStep] {
        switch name {
        case "opening" where !isReady:
            return [.giveUp("\(agent) did not answer within \(Self.openingPatience.components.seconds) s")]
        case "quiet": return endTurn()
        default: return []
        }
    }

    mutating func request(_ method: String, _ params: JSONValue, for purpose: Purpose) -> AgentStep {
        .send(requests.open(method, params, for: purpose))
    }

    // MARK: Answers

    private mutating func succeeded(_ purpose: Purpose, _ result: JSONValue) -> [AgentStep] {
        switch purpose {
        case .initialize: initialized(result)
        case .newSession: begin(result["sessionId"]?.words, result)
        case .loadSession, .resumeSession: begin(opening.nativeID, result)
        case .prompt: answered(result)
        case .set(let setting): adopted(setting, result)
        case .cancelled: []
        }
    }

    private mutating func failed(_ purpose: Purpose, _ failure: JSONRPC.Failure) -> [AgentStep] {
        switch purpose {
        case .initialize: [.giveUp("\(agent) refused to begin: \(failure)")]
        case .newSession: [.giveUp(refusal(failure))]
        case .loadSession, .resumeSession:
            failure.code == JSONRPC.Failure.authenticationRequired
                ? [.giveUp(refusal(failure))] : resumeFailed("\(failure)")
        case .prompt: promptFailed(failure)
        case .set(let setting): [.event(.settingRefused(setting, reason: "\(failure)"))]
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

extension AgentStep {
    static func send(_ message: JSONRPC.Message) -> AgentStep { .send(JSONRPC.document(message)) }
}

extension JSONRPC.Failure {
    static func invalid(_ reason: String) -> JSONRPC.Failure {
        JSONRPC.Failure(code: -32600, message: reason)
    }

    static func unknown(_ method: String) -> JSONRPC.Failure {
        JSONRPC.Failure(code: methodNotFound, message: "Method not found: \(method.firstPart(of: 100))")
    }
}
