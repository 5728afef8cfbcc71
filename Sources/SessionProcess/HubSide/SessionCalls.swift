import HubProtocol
import Processes
import RunnerStore

/// The hub's calls to a session (hub contract §7.8, §7.9; session contract §2).
struct SessionCalls: Sendable {
    static let methods =
        [
            "permission", "abort", "switch", "killSession", "set-session-config", "handoff-local",
            "steer-queued-message", "listSlashCommands", "listSkills",
        ] + modelLists + effortLists + FileCalls.methods + GitCalls.methods

    private static let modelLists = [
        "listCodexModels", "listCursorModels", "listOpencodeModels", "listGrokModels", "listCopilotModels",
    ]
    private static let effortLists = [
        "listOpencodeReasoningEffortOptions", "listGrokReasoningEffortOptions",
    ]

    let conversation: LiveConversation
    let news: HubNews
    let files: FileCalls
    let git: GitCalls
    /// Ends the session.
    let end: @Sendable (_ reason: SessionEnding) async -> Void

    var uploads: String { files.uploads }

    func receive(_ message: PersonMessage) async { await conversation.happen(.message(message)) }

    func answer(_ method: String, _ parameters: String) async -> JSONValue {
        let given: JSONValue
        do {
            given = try JSONValue(parsing: Array(parameters.utf8))
        } catch {
            return ["error": .string("the parameters are no JSON: \(error.reason)")]
        }
        switch method {
        case "permission":
            if let (card, decision) = Self.decision(given) {
                await conversation.happen(.decision(card: card, decision))
            }
            return [:]
        case "abort":
            await conversation.happen(.abort)
            return [:]
        case "switch":
            await conversation.happen(given["to"]?.string == "local" ? .takeBack : .takeOver)
            return [:]
        case "killSession": return ["success": true, "message": "The session is being ended"]
        case "handoff-local": return ["ok": true]
        case "set-session-config": return await configure(given)
        case "steer-queued-message": return await steer(given)
        case "listSlashCommands": return commands
        case "listSkills": return skills
        case _ where Self.modelLists.contains(method): return models
        case _ where Self.effortLists.contains(method): return efforts
        case _ where GitCalls.methods.contains(method): return await git.answer(method, given)
        default: return await files.answer(method, given)
        }
    }

    func endAfterAnswer(_ method: String) async { await end(method == "killSession" ? .killed : .handedOff) }

    func cancel(_ key: String) async -> JSONValue {
        switch await conversation.ask({ .cancelMessage(key: key, reply: $0) }) {
        case .removed: ["removed": true]
        case .inFlight: ["removed": false, "inFlight": true]
        default: ["removed": false, "consumed": true]
        }
    }

    // MARK: Permissions

    /// Parses what the web app's buttons send (session contract §5.2).
    static func decision(_ given: JSONValue) -> (card: String, Decision)? {
        guard let card = given["id"]?.string else { return nil }
        let approved = given["approved"]?.bool ?? false
        let word = given["decision"]?.string.flatMap(PermissionAnswer.Decision.init)
        var answer = PermissionAnswer(word ?? (approved ? .approved : .denied))
        // `approved: false` overrides a decision that approves.
        if !approved, answer.decision == .approved || answer.decision == .approvedForSession {
            answer.decision = .denied
        }
        answer.mode = given["mode"]?.string
        answer.allowedTools = given["allowTools"]?.array?.compactMap(\.string) ?? []
        answer.answers = (given["answers"]?.object ?? [:]).mapValues(\.answerWords)
        answer.reason = given["reason"]?.string
        return (card, Decision(answer))
    }

    // MARK: Settings

    private func configure(_ given: JSONValue) async -> JSONValue {
        var settings: [AgentSetting] = []
        // The model is set before the effort, because a model may have its own efforts.
        for (key, value) in (given.object ?? [:]).sorted(by: { Self.order($0.key) < Self.order($1.key) }) {
            switch key {
            case "permissionMode": settings.append(.mode(value.string ?? "default"))
            case "model": settings.append(.model(value.string ?? value["modelId"]?.string))
            case "effort", "modelReasoningEffort": settings.append(.effort(value.string))
            default: return ["error": .string("\(key) cannot be set in this session")]
            }
        }
        let asked = settings
        switch await conversation.ask({ .configure(asked, reply: $0) }) {
        case .applied: return ["applied": given]
        case .failed(let reason): return ["error": .string(reason)]
        default: return ["error": "the session ended"]
        }
    }

    private static func order(_ key: String) -> Int {
        ["permissionMode", "model", "effort", "modelReasoningEffort"].firstIndex(of: key) ?? .max
    }

    private func steer(_ given: JSONValue) async -> JSONValue {
        let key = given["localId"]?.string ?? ""
        switch await conversation.ask({ .steerMessage(key: key, reply: $0) }) {
        case .steered: return ["steered": true]
        case .notSteered(let reason): return ["steered": false, "error": .string(reason)]
        default: return ["steered": false, "error": "the session ended"]
        }
    }

    // MARK: Lists

    private var commands: JSONValue {
        let shown = news.commands.map { command -> JSONValue in
            var members: [String: JSONValue] = [
                "name": .string(command.name), "source": .string(command.source),
            ]
            members["description"] = command.description.map(JSONValue.string)
            return .object(members)
        }
        return ["success": true, "commands": .array(shown)]
    }

    /// The descriptions come from the commands of the same names.
    private var skills: JSONValue {
        let commands = news.commands
        let shown = news.skills.map { skill -> JSONValue in
            var members: [String: JSONValue] = ["name": .string(skill)]
            members["description"] = commands.first { $0.name == skill }?.description.map(JSONValue.string)
            return .object(members)
        }
        return ["success": true, "skills": .array(shown)]
    }

    private var models: JSONValue {
        let shown = news.models.map { Self.option($0, "modelId") }
        return [
            "success": true, "availableModels": .array(shown),
            "currentModelId": news.status.model.map(JSONValue.string) ?? .null,
        ]
    }

    private var efforts: JSONValue {
        let shown = news.efforts.map { Self.option($0, "value") }
        return [
            "success": true, "options": .array(shown),
            "currentValue": news.status.effort.map(JSONValue.string) ?? .null,
        ]
    }

    private static func option(_ option: AgentOption, _ key: String) -> JSONValue {
        var members: [String: JSONValue] = [key: .string(option.id)]
        members["name"] = option.name.map(JSONValue.string)
        return .object(members)
    }
}

/// Why a session ends (hub contract §7.11).
enum SessionEnding: Equatable, Sendable {
    case killed, handedOff
    case signaled(String)
    case failed(String)
    /// The agent's own program had the terminal, and ended by itself or because somebody asked.
    case exited(ChildExit, asked: String?)
    /// The agent's own program could not be started in the terminal.
    case notStarted(String)
    /// The agent ended before the session counted as started.
    case unusable(AgentExit)

    /// The hub's reason, and the text for the archive.
    var words: (reason: String, archive: String) {
        switch self {
        case .killed: ("terminated", "User terminated")
        case .handedOff: ("handoff", "Handed off to local terminal")
        case .signaled(let words): ("terminated", words)
        case .failed(let words): ("error", words)
        case .exited(let exit, let asked): exit.hubWords(asked)
        case .unusable, .notStarted: ("error", "Launch failed")
        }
    }

    /// What the store keeps about the end.
    var record: ExitRecord {
        switch self {
        case .exited(let exit, _): ExitRecord(exit.reason, at: .now)
        case .notStarted(let reason): ExitRecord(.launchFailed, message: reason, at: .now)
        default: ExitRecord(.exited(code: status), at: .now)
        }
    }

    /// The exit status of the session's process.
    var status: Int32 {
        switch self {
        case .killed, .handedOff, .signaled: 0
        case .failed, .notStarted: 1
        case .exited(let exit, _): exit.status ?? 1
        case .unusable(let exit): exit.code ?? 1
        }
    }
}

extension ChildExit {
    fileprivate func hubWords(_ asked: String?) -> (reason: String, archive: String) {
        let ending = ending(asked: asked)
        return (ending.reason, ending.words)
    }
}
