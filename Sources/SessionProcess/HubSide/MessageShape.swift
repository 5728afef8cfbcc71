import HubProtocol
import Processes

/// Formats what is said in a session as the messages that the web app displays (session contract §4).
struct MessageShape: Sendable {
    let family: AgentRow.Family
    let directory: String
    let version: String
    var nativeID: String?
    /// Attached to the next thing the agent says.
    private var usage: JSONValue?
    private var model: String?
    private var lastUUID: String?
    private let newID: @Sendable () -> String

    init(
        family: AgentRow.Family, directory: String, version: String, nativeID: String?,
        newID: @escaping @Sendable () -> String
    ) {
        self.family = family
        self.directory = directory
        self.version = version
        self.nativeID = nativeID
        self.newID = newID
    }

    /// nil for what this family does not show.
    mutating func message(_ utterance: Utterance, at wall: Int64) -> JSONValue? {
        switch utterance {
        case .ready: return event(["type": "ready"])
        case .modeChanged(let mode): return event(["type": "permission-mode-changed", "mode": .string(mode)])
        case .person(let text):
            return [
                "role": "user", "content": ["type": "text", "text": .string(text)],
                "meta": ["sentFrom": "cli"],
            ]
        case .notice(.message(let words)): return event(["type": "message", "message": .string(words)])
        case .notice(.error(let words)): return event(["type": "error", "message": .string(words)])
        case .notice(.cleared): return event(["type": "message", "message": "Context was reset"])
        default: break
        }
        return family == .output ? output(utterance, wall) : codex(utterance).map { content("codex", $0) }
    }

    private func event(_ data: JSONValue) -> JSONValue {
        ["role": "agent", "content": ["id": .string(newID()), "type": "event", "data": data]]
    }

    private func content(_ type: String, _ data: JSONValue) -> JSONValue {
        [
            "role": "agent", "content": ["type": .string(type), "data": data], "meta": ["sentFrom": "cli"],
        ]
    }

    // MARK: The codex family

    private func codex(_ utterance: Utterance) -> JSONValue? {
        switch utterance {
        case .passage(let passage, let isFinal): Self.codex(passage, isFinal)
        case .toolOpened(let call): Self.codex(call)
        case .toolClosed(let result, _):
            [
                "type": "tool-call-result", "callId": .string(result.id),
                "output": (result.structured ?? result.output).shortened, "is_error": .bool(result.isError),
            ]
        case .plan(let entries): Self.plan(entries)
        case .usage(let usage): Self.codex(usage)
        case .notice(.retrying(let attempt, let of, let reason)):
            ["type": "error", "message": .string("Retrying (\(attempt) of \(of)): \(reason)")]
        case .notice(.compacted(let trigger, let tokens)):
            [
                "type": "context_compacted", "trigger": .string(trigger),
                "preTokens": .integer(Int64(tokens)),
            ]
        default: nil
        }
    }

    private static func codex(_ passage: Passage, _ isFinal: Bool) -> JSONValue {
        let text = JSONValue.string(passage.text).shortened
        switch passage.kind {
        case .text:
            return [
                "type": "message", "message": text, "id": .string(passage.id), "streamSnapshot": true,
            ]
        case .reasoning:
            var data: [String: JSONValue] = [
                "type": "reasoning", "message": text, "id": .string(passage.id),
            ]
            if !isFinal { data["live"] = true }
            return .object(data)
        }
    }

    private static func codex(_ call: ToolCall) -> JSONValue {
        var data: [String: JSONValue] = [
            "type": "tool-call", "callId": .string(call.id), "name": .string(call.name),
            "input": call.input.shortened,
        ]
        if let description = call.description { data["description"] = .string(description) }
        if let title = call.nativeTitle { data["nativeTitle"] = .string(title) }
        if let kind = call.nativeKind { data["nativeKind"] = .string(kind) }
        return .object(data)
    }

    private static func plan(_ entries: [PlanEntry]) -> JSONValue {
        let shown = entries.map { entry -> JSONValue in
            [
                "content": .string(entry.content), "priority": .string(entry.priority),
                "status": .string(entry.status),
            ]
        }
        return ["type": "plan", "entries": .array(shown)]
    }

    private static func codex(_ usage: TokenUsage) -> JSONValue {
        var total: [String: JSONValue] = [
            "inputTokens": .integer(Int64(usage.input)), "outputTokens": .integer(Int64(usage.output)),
        ]
        if let cached = usage.cachedInput { total["cachedInputTokens"] = .integer(Int64(cached)) }
        var info: [String: JSONValue] = ["total": .object(total)]
        if let tokens = usage.contextTokens { info["contextTokens"] = .integer(Int64(tokens)) }
        if let window = usage.contextWindow { info["modelContextWindow"] = .integer(Int64(window)) }
        return [
            "type": "token_count", "model": usage.model.map(JSONValue.string) ?? .null,
            "usageSchema": "hapi.usage.v1", "inputTokenSemantics": "includes-cache", "info": .object(info),
        ]
    }
}

// MARK: Claude's own family

extension MessageShape {
    private mutating func output(_ utterance: Utterance, _ wall: Int64) -> JSONValue? {
        switch utterance {
        case .passage(let passage, let isFinal):
            // Text has no id in this family, so a snapshot could not be replaced by a later one.
            guard isFinal else { return nil }
            let text = JSONValue.string(passage.text).shortened
            let block: JSONValue =
                passage.kind == .text
                ? ["type": "text", "text": text] : ["type": "thinking", "thinking": text]
            return assistant(block, passage.parent, wall)
        case .toolOpened(let call):
            var input = call.input
            if let description = call.description, input["description"] == nil, var members = input.object {
                members["description"] = .string(description)
                input = .object(members)
            }
            let block: JSONValue = [
                "type": "tool_use", "id": .string(call.id), "name": .string(call.name),
                "input": input.shortened,
            ]
            return assistant(block, call.parent, wall)
        case .toolClosed(let result, let decided): return closed(result, decided, wall)
        case .plan(let entries): return content("codex", Self.plan(entries))
        case .usage(let usage):
            self.usage = usage.native
            model = usage.model ?? model
            return nil
        case .turnEnded(let end):
            var entry: [String: JSONValue] = ["type": "system", "subtype": "turn_duration"]
            entry["durationMs"] = end.milliseconds.map(JSONValue.integer)
            entry["resultSummary"] = end.summary
            return end.milliseconds == nil ? nil : self.entry(entry, nil, wall)
        case .notice(.compacted(let trigger, let tokens)):
            let metadata: JSONValue = ["trigger": .string(trigger), "preTokens": .integer(Int64(tokens))]
            return entry(
                ["type": "system", "subtype": "compact_boundary", "compactMetadata": metadata], nil, wall)
        case .backgroundEnded(let id):
            // Not displayed, but counted by the hub (session contract §8).
            let marker = "<task-notification><task-id>\(id)</task-id></task-notification>"
            return entry(
                ["type": "user", "message": ["role": "user", "content": .string(marker)]], nil, wall)
        case .notice(.retrying(let attempt, let of, let reason)):
            return entry(
                [
                    "type": "system", "subtype": "api_error", "retryAttempt": .integer(Int64(attempt)),
                    "maxRetries": .integer(Int64(of)), "error": ["message": .string(reason)],
                ], nil, wall)
        default: return nil
        }
    }

    private mutating func assistant(_ block: JSONValue, _ parent: String?, _ wall: Int64) -> JSONValue {
        var message: [String: JSONValue] = [
            "id": .string("msg_" + newID()), "type": "message", "role": "assistant", "content": [block],
        ]
        message["model"] = model.map(JSONValue.string)
        if parent == nil {
            message["usage"] = usage
            usage = nil
        }
        return entry(["type": "assistant", "message": .object(message)], parent, wall)
    }

    private mutating func closed(
        _ result: ToolResult, _ decided: CompletedRequest?, _ wall: Int64
    ) -> JSONValue {
        var block: [String: JSONValue] = [
            "type": "tool_result", "tool_use_id": .string(result.id), "content": result.output.shortened,
            "is_error": .bool(result.isError),
        ]
        if let decided {
            var permissions: [String: JSONValue] = [
                "date": .integer(decided.completedAt), "result": .string(decided.status.rawValue),
            ]
            permissions["mode"] = decided.mode.map(JSONValue.string)
            permissions["decision"] = decided.decision.map(JSONValue.string)
            if !decided.allowTools.isEmpty {
                permissions["allowedTools"] = .array(decided.allowTools.map(JSONValue.string))
            }
            block["permissions"] = .object(permissions)
        }
        var fields: [String: JSONValue] = [
            "type": "user", "message": ["role": "user", "content": [.object(block)]],
        ]
        fields["toolUseResult"] = result.structured?.shortened
        return entry(fields, result.parent, wall)
    }

    /// Adds what every transcript entry has.
    private mutating func entry(
        _ fields: [String: JSONValue], _ parent: String?, _ wall: Int64
    ) -> JSONValue {
        let uuid = newID()
        var entry = fields
        entry["uuid"] = .string(uuid)
        entry["parentUuid"] = lastUUID.map(JSONValue.string) ?? .null
        entry["isSidechain"] = .bool(parent != nil)
        entry["parentToolUseId"] = parent.map(JSONValue.string)
        entry["timestamp"] = .string(Timestamp(milliseconds: wall).iso8601)
        entry["sessionId"] = .string(nativeID ?? "")
        entry["cwd"] = .string(directory)
        entry["version"] = .string(version)
        entry["userType"] = "external"
        lastUUID = uuid
        return content("output", .object(entry))
    }
}
