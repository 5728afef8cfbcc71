import HubProtocol

/// Claude Code's stream-json (session contract §10).
struct ClaudeDialect: AgentDialect {
    /// What a control request of ours was for.
    enum Asked: Equatable, Sendable {
        case initialize, interrupt
        case setting(AgentSetting)
    }

    /// The mode in force on our side. For `bypassPermissions`, Claude itself runs in `default`: it refuses
    /// that mode to root, and at run time to everyone who did not start it in that mode.
    var mode: String
    var asked: [String: Asked] = [:]
    /// The inputs of permission requests, by request id.
    var inputs: [String: JSONValue] = [:]
    var plans: Set<String> = []
    /// Commands running in the background, by task id.
    var background: Set<String> = []
    /// Ids of the prompts given that have not begun.
    var unbegun: [String] = []
    var isWorking = false
    var isReady = false
    var hasSaidError = false
    var model: String?
    var contextWindow: Int?
    private var requestCount = 0
    private let readFile: @Sendable (String) -> [UInt8]?

    init(
        _ opening: AgentOpening, readFile: @escaping @Sendable (String) -> [UInt8]? = AttachedFile.read
    ) {
        mode = opening.mode ?? "default"
        self.readFile = readFile
    }

    static func modeForAgent(_ mode: String) -> String { mode == "bypassPermissions" ? "default" : mode }

    /// A limit far above normal use: Claude usually has one request open.
    static let openRequests = 100

    /// How long the program has to start.
    private static let patience = Duration.seconds(60)

    mutating func open() -> [AgentStep] {
        [
            ask(.initialize, ["subtype": "initialize", "hooks": .null]),
            .alarm("initialize", after: Self.patience),
        ]
    }

    mutating func alarmRang(_ name: String) -> [AgentStep] {
        // A version that does not know the request accepts prompts anyway.
        name == "initialize" ? becomeReady() : []
    }

    mutating func becomeReady() -> [AgentStep] {
        guard !isReady else { return [] }
        isReady = true
        return [.cancelAlarm("initialize"), .event(.ready)]
    }

    mutating func command(_ command: AgentCommand) -> [AgentStep] {
        switch command {
        case .prompt(let prompt): [say(prompt, priority: "later")]
        case .steer(let prompt): [say(prompt, priority: "next")]
        case .interrupt: [ask(.interrupt, ["subtype": "interrupt"])]
        case .set(let setting): [set(setting)]
        case .answer(let request, let answer): self.answer(request, answer)
        }
    }

    private mutating func say(_ prompt: Prompt, priority: String) -> AgentStep {
        unbegun.append(prompt.id)
        return .send([
            "type": "user", "message": ["role": "user", "content": content(of: prompt)],
            "uuid": .string(prompt.id), "priority": .string(priority),
        ])
    }

    /// The image types that Claude's models accept.
    private static let pictures: Set = ["image/png", "image/jpeg", "image/gif", "image/webp"]

    /// Images are sent inline. Other files are named with `@`, and Claude reads them itself.
    private func content(of prompt: Prompt) -> JSONValue {
        var blocks: [JSONValue] = []
        var files: [String] = []
        for file in prompt.attachments {
            guard Self.pictures.contains(file.mimeType), let bytes = readFile(file.path) else {
                files.append("@\(file.path)")
                continue
            }
            blocks.append([
                "type": "image",
                "source": [
                    "type": "base64", "media_type": .string(file.mimeType),
                    "data": .string(AttachedFile.base64(bytes)),
                ],
            ])
        }
        let text = ([files.joined(separator: " "), prompt.text].filter { !$0.isEmpty })
            .joined(separator: "\n\n")
        if blocks.isEmpty { return .string(text) }
        return .array(blocks + (text.isEmpty ? [] : [["type": "text", "text": .string(text)]]))
    }

    private mutating func set(_ setting: AgentSetting) -> AgentStep {
        let request: [String: JSONValue] =
            switch setting {
            case .mode(let mode):
                ["subtype": "set_permission_mode", "mode": .string(Self.modeForAgent(mode))]
            case .model(let model):
                ["subtype": "set_model", "model": model.map(JSONValue.string) ?? .null]
            case .effort(let effort):
                [
                    "subtype": "apply_flag_settings",
                    "settings": ["effortLevel": effort.map(JSONValue.string) ?? .null],
                ]
            }
        return ask(.setting(setting), request)
    }

    private mutating func ask(_ what: Asked, _ request: [String: JSONValue]) -> AgentStep {
        requestCount += 1
        let id = "hapi-\(requestCount)"
        asked[id] = what
        return .send(["type": "control_request", "request_id": .string(id), "request": .object(request)])
    }

    // MARK: Permissions

    private mutating func answer(_ request: String, _ answer: PermissionAnswer) -> [AgentStep] {
        guard let input = inputs.removeValue(forKey: request) else { return [] }
        let isPlan = plans.remove(request) != nil
        var response: [String: JSONValue]
        switch answer.decision {
        case .approved, .approvedForSession:
            response = ["behavior": "allow", "updatedInput": Self.input(input, answering: answer.answers)]
            var updates: [JSONValue] = []
            if answer.decision == .approvedForSession, !answer.allowedTools.isEmpty {
                updates.append(Self.rules(answer.allowedTools))
            }
            if isPlan, let mode = answer.mode {
                updates.append([
                    "type": "setMode", "mode": .string(Self.modeForAgent(mode)), "destination": "session",
                ])
            }
            if !updates.isEmpty { response["updatedPermissions"] = .array(updates) }
        case .denied, .abort:
            response = ["behavior": "deny", "message": .string(answer.reason ?? Self.denial)]
        }
        return [Self.reply(request, .object(response))]
    }

    private static let denial = "The user does not want this. Stop, and wait for what they say next."

    static func reply(_ request: String, _ response: JSONValue) -> AgentStep {
        .send([
            "type": "control_response",
            "response": ["subtype": "success", "request_id": .string(request), "response": response],
        ])
    }

    static func refuse(_ request: String, _ error: String) -> AgentStep {
        .send([
            "type": "control_response",
            "response": ["subtype": "error", "request_id": .string(request), "error": .string(error)],
        ])
    }

    /// `Bash(ls)` is a tool with its rule content.
    private static func rules(_ tools: [String]) -> JSONValue {
        let rules = tools.map { tool -> JSONValue in
            guard let open = tool.firstIndex(of: "("), tool.last == ")" else {
                return ["toolName": .string(tool)]
            }
            let content = tool[tool.index(after: open)...].dropLast()
            return ["toolName": .string(String(tool[..<open])), "ruleContent": .string(String(content))]
        }
        return ["type": "addRules", "rules": .array(rules), "behavior": "allow", "destination": "session"]
    }

    /// Claude expects answers by the text of the question; the web app sends them by its index or id.
    private static func input(_ input: JSONValue, answering answers: [String: [String]]) -> JSONValue {
        guard !answers.isEmpty, var members = input.object, case .array(let questions)? = members["questions"]
        else { return input }
        var named: [String: JSONValue] = [:]
        for (index, question) in questions.enumerated() {
            guard let text = question["question"]?.string else { continue }
            let answer =
                answers["\(index)"] ?? question["id"]?.string.flatMap { answers[$0] } ?? answers[text]
            if let answer { named[text] = .string(answer.joined(separator: ",")) }
        }
        members["answers"] = .object(named)
        return .object(members)
    }
}
