import HubProtocol

extension ACPDialect {
    mutating func notified(_ method: String, _ params: JSONValue) -> [AgentStep] {
        switch method {
        case "session/update":
            guard isOurs(params) else { return [] }
            return waitAgain() + updated(params["update"] ?? .null)
        case "$/cancel_request":
            return withdrawn(params["requestId"].flatMap(JSONRPC.ID.init))
        case "_session/retrying": return retrying(params)
        default: return []
        }
    }

    /// Updates may arrive before the answer that gives the session its id.
    private func isOurs(_ params: JSONValue) -> Bool {
        guard let id = params["sessionId"]?.string else { return false }
        return sessionID.map { $0 == id } ?? true
    }

    private mutating func updated(_ update: JSONValue) -> [AgentStep] {
        switch update["sessionUpdate"]?.string {
        case "agent_message_chunk": return chunk(.text, update)
        case "agent_thought_chunk": return chunk(.reasoning, update)
        case "user_message_chunk":
            segments.interrupt()
            return []
        case "tool_call", "tool_call_update": return tool(update)
        case "plan": return plan(update["entries"]?.array ?? [])
        case "usage_update": return used(update)
        case "available_commands_update":
            return [.event(.commandsAvailable(Self.commands(update["availableCommands"]?.array ?? [])))]
        case "current_mode_update":
            return modeChanged(update["currentModeId"]?.words ?? update["modeId"]?.words)
        case "config_option_update": return optionsChanged(update)
        case "session_info_update":
            return update["title"]?.words.map { [.event(.titled($0))] } ?? []
        default: return []
        }
    }

    private mutating func chunk(_ kind: Passage.Kind, _ update: JSONValue) -> [AgentStep] {
        guard !isReplaying, isReady else { return [] }
        let content = update["content"] ?? .null
        let text =
            switch content["type"]?.string {
            case "text": content["text"]?.string ?? ""
            case "resource_link":
                content["uri"]?.words.map { "[\(content["name"]?.words ?? $0)](\($0))" } ?? ""
            case "resource": content["resource"]?["text"]?.string ?? ""
            case "image", "audio": "[\(content["mimeType"]?.words ?? "a picture")]"
            default: ""
            }
        return segments.passages(kind, key: update["messageId"]?.string, text).map { .event(.said($0)) }
    }

    private mutating func plan(_ entries: [JSONValue]) -> [AgentStep] {
        guard !isReplaying else { return [] }
        segments.interrupt()
        let plan = entries.compactMap { entry in
            entry["content"]?.string.map {
                PlanEntry(
                    content: $0, priority: entry["priority"]?.words ?? "medium",
                    status: entry["status"]?.words ?? "pending")
            }
        }
        return [.event(.plan(plan))]
    }

    private mutating func used(_ update: JSONValue) -> [AgentStep] {
        usage.contextTokens = update["used"]?.integer
        usage.contextWindow = update["size"]?.integer ?? usage.contextWindow
        usage.model = options.model?.current
        return turn == nil ? [] : [.event(.usage(usage))]
    }

    private static func commands(_ commands: [JSONValue]) -> [SlashCommand] {
        commands.compactMap { command in
            command["name"]?.words.map { name in
                let plain = name.hasPrefix("/") ? String(name.dropFirst()) : name
                return SlashCommand(name: plain, description: command["description"]?.words)
            }
        }
    }

    private mutating func modeChanged(_ id: String?) -> [AgentStep] {
        guard let id else { return [] }
        options.mode?.current = id
        return tellMode(id)
    }

    /// Shows a mode that the hub does not know as a notice.
    private mutating func tellMode(_ id: String) -> [AgentStep] {
        guard let mode = options.hubMode(for: id, among: hubModes) else {
            let name = options.mode?.values.first { $0.id == id }?.name
            return isReady ? [.event(.noticed(.message("\(agent) is now in its mode \(name ?? id)")))] : []
        }
        guard mode != self.mode else { return [] }
        self.mode = mode
        return [.event(.settingChanged(.mode(mode)))]
    }

    private mutating func optionsChanged(_ update: JSONValue) -> [AgentStep] {
        let before = options
        options.adopt(update)
        guard isReady, options != before else { return [] }
        var steps = offers()
        if let mode = options.mode?.current, mode != before.mode?.current { steps += tellMode(mode) }
        if let model = options.model?.current, model != before.model?.current {
            steps.append(.event(.settingChanged(.model(model))))
        }
        if let effort = options.effort?.current, effort != before.effort?.current {
            steps.append(.event(.settingChanged(.effort(effort))))
        }
        return steps
    }

    private mutating func retrying(_ params: JSONValue) -> [AgentStep] {
        guard turn?.saidRetrying == false else { return [] }
        turn?.saidRetrying = true
        let why = [params["category"]?.words, params["detail"]?.words].compactMap { $0 }.joined(
            separator: ": ")
        let words = "The model does not answer; \(agent) tries again" + (why.isEmpty ? "" : " (\(why))")
        return [.event(.noticed(.message(words.firstPart(of: 400))))]
    }

    // MARK: Tools

    private mutating func tool(_ update: JSONValue) -> [AgentStep] {
        guard !isReplaying, let id = update["toolCallId"]?.words, !closed.contains(id) else { return [] }
        let known = tools[id]
        guard known != nil || tools.count < Self.openCards else { return [] }
        var call = known ?? ACPToolCall(id: id)
        call.merge(update)
        tools[id] = call
        guard let result = call.result else {
            // Outside of a turn nothing would close the card.
            guard turn != nil, known?.call != call.call else { return [] }
            segments.interrupt()
            return [.event(.tool(call.call))]
        }
        segments.interrupt()
        tools[id] = nil
        close(id)
        return [.event(.tool(call.call)), .event(.toolEnded(result))]
    }

    // MARK: Requests

    mutating func asked(_ id: JSONRPC.ID, _ method: String, _ params: JSONValue) -> [AgentStep] {
        guard method == "session/request_permission" else {
            return [.send(.failure(id, .unknown(method)))]
        }
        let name = id.name
        let card = params["toolCall"]?["toolCallId"]?.words ?? "request-\(name)"
        let permission = ACPPermission(rpc: id, card: card, params)
        guard turn?.isCancelled == false, isOurs(params), permissions.count < Self.openAsks else {
            return [.send(permission.response(nil))]
        }
        var steps: [AgentStep] = []
        // A card has one open request: an older one is answered and withdrawn.
        for (other, older) in permissions where older.card == card || other == name {
            permissions[other] = nil
            steps += [.send(older.response(nil)), .event(.permissionWithdrawn(id: other))]
        }
        var call = tools[card] ?? ACPToolCall(id: card)
        call.merge(params["toolCall"] ?? .null)
        tools[card] = call
        permissions[name] = permission
        segments.interrupt()
        let request = PermissionRequest(
            id: name, kind: call.kind == "switch_mode" ? .plan : .tool, tool: call.call)
        return steps + [.event(.permissionRequested(request))]
    }

    private mutating func withdrawn(_ id: JSONRPC.ID?) -> [AgentStep] {
        guard let id, permissions.removeValue(forKey: id.name) != nil else { return [] }
        let cancelled = JSONRPC.Failure(code: -32800, message: "Request cancelled")
        return [.send(.failure(id, cancelled)), .event(.permissionWithdrawn(id: id.name))]
    }
}

extension JSONRPC.ID {
    /// Unique for each id: the number 1 and the string "1" differ.
    var name: String {
        switch self {
        case .number(let number): "\(number)"
        case .string(let text): "\"\(text)\""
        }
    }
}
