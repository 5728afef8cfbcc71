import HubProtocol

/// The transcript that Claude Code writes while it runs in a terminal: one JSON document per line. Many lines
/// are Claude's internal notes (session contract §4.2, §10.6).
struct ClaudeTranscript: AgentTranscript {
    private static let memory = 4096

    private let since: String
    private var dialect: ClaudeDialect
    private var seen: Set<String> = []
    private var order: [String] = []
    private var session: String?
    private var isWorking = false

    /// - Parameter since: in ISO 8601; anything older was reported before.
    init(since: String) {
        self.since = since
        dialect = ClaudeDialect(AgentOpening(directory: ""))
    }

    mutating func take(_ line: JSONValue) -> [AgentEvent] {
        guard let key = line["uuid"]?.string, let time = line["timestamp"]?.string, time >= since else {
            return named(line)
        }
        // A subagent is shown by its card only: its lines in this file do not name the card.
        guard line["isSidechain"]?.bool != true, isNew(key) else { return [] }
        let id = identified(line)
        return id + said(in: line)
    }

    private mutating func said(in line: JSONValue) -> [AgentEvent] {
        switch line["type"]?.string {
        case "user": return user(line)
        case "assistant":
            let began = began()
            return began + dialect.assistant(line).events
        case "system": return system(line)
        case "attachment": return queued(line["attachment"] ?? .null)
        default: return []
        }
    }

    private mutating func isNew(_ key: String) -> Bool {
        guard seen.insert(key).inserted else { return false }
        order.append(key)
        if order.count > Self.memory { seen.remove(order.removeFirst()) }
        return true
    }

    /// Reported only once there is a conversation to resume.
    private mutating func identified(_ line: JSONValue) -> [AgentEvent] {
        guard let id = line["sessionId"]?.string, id != session else { return [] }
        session = id
        return [.identified(nativeID: id)]
    }

    private func named(_ line: JSONValue) -> [AgentEvent] {
        guard line["type"]?.string == "custom-title", line["sessionId"]?.string == session,
            let title = line["customTitle"]?.string
        else { return [] }
        return [.titled(title)]
    }

    // MARK: Turns

    private mutating func began() -> [AgentEvent] {
        guard !isWorking else { return [] }
        isWorking = true
        return [.turnBegan]
    }

    private mutating func ended(_ end: TurnEnd) -> [AgentEvent] {
        guard isWorking else { return [] }
        isWorking = false
        return [.turnEnded(end)]
    }

    private mutating func typed(_ text: String) -> [AgentEvent] {
        isWorking = true
        return [.typed(text)]
    }

    // MARK: User lines

    private mutating func user(_ line: JSONValue) -> [AgentEvent] {
        guard line["isMeta"]?.bool != true, line["isCompactSummary"]?.bool != true,
            line["isVisibleInTranscriptOnly"]?.bool != true
        else { return [] }
        let content = line["message"]?["content"] ?? .null
        if content.array?.contains(where: { $0["type"]?.string == "tool_result" }) == true {
            var members = line.object ?? [:]
            members["tool_use_result"] = members["toolUseResult"]
            return dialect.user(.object(members)).events
        }
        // Written by Claude in the person's name.
        if let origin = line["origin"]?["kind"]?.string, origin != "human" { return [] }
        let text = content.string ?? content.texts
        let mode = line["permissionMode"]?.string.map {
            [AgentEvent.settingChanged(.mode($0))]
        }
        return (mode ?? []) + said(text)
    }

    private mutating func said(_ text: String) -> [AgentEvent] {
        if text.hasPrefix("[Request interrupted by user") { return ended(TurnEnd(.interrupted)) }
        if let command = text.between("<command-name>", "</command-name>") {
            if command == "/clear" { return [.noticed(.cleared)] }
            let words = text.between("<command-args>", "</command-args>") ?? ""
            return [.noticed(.message(words.isEmpty ? command : "\(command) \(words)"))]
        }
        if let command = text.between("<bash-input>", "</bash-input>") {
            return [.noticed(.message("! \(command)"))]
        }
        let isHarness = Self.harness.contains { text.hasPrefix("<\($0)") }
        return isHarness || text.isEmpty ? [] : typed(text)
    }

    private static let harness = [
        "local-command-", "bash-stdout", "bash-stderr", "system-reminder", "task-notification",
    ]

    /// Typed while Claude was working, and added to the turn.
    private mutating func queued(_ attachment: JSONValue) -> [AgentEvent] {
        guard attachment["type"]?.string == "queued_command",
            attachment["commandMode"]?.string ?? "prompt" == "prompt",
            let text = attachment["prompt"]?.string ?? attachment["prompt"]?.texts, !text.isEmpty
        else { return [] }
        return said(text)
    }

    // MARK: System lines

    private mutating func system(_ line: JSONValue) -> [AgentEvent] {
        switch line["subtype"]?.string {
        case "turn_duration":
            let milliseconds = line["durationMs"]?.integer.map(Int64.init)
            return ended(TurnEnd(.completed, milliseconds: milliseconds))
        case "compact_boundary":
            let metadata = line["compactMetadata"]
            let tokens = metadata?["preTokens"]?.integer ?? 0
            let trigger = metadata?["trigger"]?.string ?? "auto"
            return [.noticed(.compacted(trigger: trigger, tokensBefore: tokens))]
        case "api_error":
            let reason = line["error"]?["message"]?.string ?? line["error"]?.string ?? "an error"
            return [
                .noticed(
                    .retrying(
                        attempt: line["retryAttempt"]?.integer ?? 1,
                        of: line["maxRetries"]?.integer ?? 1, reason: reason))
            ]
        default: return []
        }
    }
}

extension [AgentStep] {
    fileprivate var events: [AgentEvent] {
        compactMap { if case .event(let event) = $0 { event } else { nil } }
    }
}

extension JSONValue {
    /// The text blocks of a message.
    var texts: String { (array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n") }
}

extension String {
    fileprivate func between(_ opening: String, _ closing: String) -> String? {
        guard hasPrefix("<"), let start = firstRange(of: opening)?.upperBound,
            let end = self[start...].firstRange(of: closing)?.lowerBound
        else { return nil }
        return String(self[start..<end])
    }
}
