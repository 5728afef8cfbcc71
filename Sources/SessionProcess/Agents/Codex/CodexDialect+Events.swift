import HubProtocol

extension CodexDialect {
    mutating func notified(_ method: String, _ params: JSONValue) -> [AgentStep] {
        // The threads of subagents use the same connection.
        if let id = params["threadId"]?.string, let threadID, id != threadID { return [] }
        switch method {
        case "turn/started": return began(params["turn"]?["id"]?.words)
        case "turn/completed": return completed(params["turn"] ?? .null)
        case "item/started": return itemStarted(params["item"] ?? .null)
        case "item/completed": return itemCompleted(params["item"] ?? .null)
        case "item/agentMessage/delta", "item/plan/delta": return delta(.text, params)
        case "item/reasoning/summaryTextDelta": return delta(.reasoning, params, isSummary: true)
        case "item/reasoning/textDelta": return delta(.reasoning, params)
        case "item/reasoning/summaryPartAdded": return summaryPart(params)
        case "turn/plan/updated": return plan(params["plan"]?.array ?? [])
        case "thread/tokenUsage/updated": return used(params["tokenUsage"] ?? .null)
        case "thread/name/updated":
            return params["threadName"]?.words.map { [.event(.titled($0))] } ?? []
        case "serverRequest/resolved":
            return resolved(params["requestId"].flatMap(JSONRPC.ID.init))
        case "error": return erred(params)
        default: return []
        }
    }

    // MARK: Turns

    /// Called for the answer to `turn/start` and for the notification; the first one counts.
    mutating func began(_ id: String?) -> [AgentStep] {
        guard let id, let turn, turn.id == nil, let threadID else { return [] }
        self.turn?.id = id
        let interrupts = turn.isInterrupted ? interruptNow(threadID) : []
        return [.event(.promptStarted(id: turn.prompt))] + interrupts
    }

    private mutating func completed(_ turn: JSONValue) -> [AgentStep] {
        guard let current = self.turn, let id = turn["id"]?.words else { return [] }
        // A turn can end without its beginning having been seen.
        if let known = current.id, id != known { return [] }
        let started: [AgentStep] = current.id == nil ? [.event(.promptStarted(id: current.prompt))] : []
        let outcome: TurnEnd.Outcome =
            switch turn["status"]?.string {
            case "interrupted": .interrupted
            case "failed":
                .failed(
                    turn["error"]?["message"]?.words.map(Self.plain) ?? current.error ?? "the turn failed")
            default: .completed
            }
        return started
            + endTurn(TurnEnd(outcome, milliseconds: turn["durationMs"]?.integer.map { Int64($0) }))
    }

    mutating func endTurn(_ end: TurnEnd) -> [AgentStep] {
        turn = nil
        segments.interrupt()
        for id in cards.keys { close(id) }
        cards = [:]
        told = [:]
        var steps = cancelAsks()
        if usage.contextTokens != nil { steps.append(.event(.usage(usage))) }
        steps.append(.event(.turnEnded(end)))
        if !waiting.isEmpty { steps += prompt(waiting.removeFirst()) }
        return steps
    }

    mutating func cleared(_ prompt: String, _ result: JSONValue) -> [AgentStep] {
        guard let id = result["thread"]?["id"]?.words else {
            return [.event(.promptStarted(id: prompt))]
                + endTurn(TurnEnd(.failed("codex began a conversation without an id")))
        }
        threadID = id
        usage.contextTokens = nil
        return [
            .event(.promptStarted(id: prompt)), .event(.noticed(.cleared)), .event(.identified(nativeID: id)),
        ] + endTurn(TurnEnd(.completed))
    }

    private mutating func erred(_ params: JSONValue) -> [AgentStep] {
        let words = Self.plain(params["error"]?["message"]?.words ?? "an error without a message")
        if params["willRetry"]?.bool == true { return [.event(.noticed(.message(words)))] }
        guard turn != nil else { return [.event(.noticed(.error(words)))] }
        // Reported when the turn ends.
        turn?.error = words
        return []
    }

    /// The provider's own message, if the text is its whole JSON response.
    private static func plain(_ text: String) -> String {
        guard text.hasPrefix("{"),
            // A text that is not JSON is the message itself.
            let value = try? JSONValue(parsing: Array(text.utf8)),
            let words = value["error"]?["message"]?.words ?? value["message"]?.words ?? value["detail"]?.words
        else { return text }
        return words
    }

    // MARK: Texts

    private mutating func delta(
        _ kind: Passage.Kind, _ params: JSONValue, isSummary: Bool = false
    ) -> [AgentStep] {
        guard let id = params["itemId"]?.words, let text = params["delta"]?.words else { return [] }
        // Beyond the limit, a text is only shown when it is complete.
        guard told[id] != nil || told.count < Self.openCards else { return [] }
        var entry = told[id] ?? Told()
        if kind == .reasoning, !isSummary, entry.isSummary { return [] }
        entry.isSummary = isSummary
        entry.bytes += text.utf8.count
        told[id] = entry
        return say(kind, id, text)
    }

    private mutating func summaryPart(_ params: JSONValue) -> [AgentStep] {
        guard let id = params["itemId"]?.words, let entry = told[id], entry.bytes > 0 else { return [] }
        told[id]?.bytes += 2
        return say(.reasoning, id, "\n\n")
    }

    private mutating func say(_ kind: Passage.Kind, _ key: String, _ text: String) -> [AgentStep] {
        segments.passages(kind, key: key, text).map { .event(.said($0)) }
    }

    /// Says what the chunks did not contain.
    private mutating func rest(_ kind: Passage.Kind, _ id: String, of text: String) -> [AgentStep] {
        let bytes = told.removeValue(forKey: id)?.bytes ?? 0
        defer { segments.interrupt() }
        guard bytes < text.utf8.count else { return [] }
        return say(kind, id, String(decoding: text.utf8.dropFirst(bytes), as: UTF8.self))
    }

    // MARK: Items

    private mutating func itemStarted(_ item: JSONValue) -> [AgentStep] {
        guard turn != nil, let call = CodexItem.call(item), !closed.contains(call.id),
            cards.count < Self.openCards
        else { return [] }
        segments.interrupt()
        cards[call.id] = call
        return [.event(.tool(call))]
    }

    private mutating func itemCompleted(_ item: JSONValue) -> [AgentStep] {
        guard let id = item["id"]?.words else { return [] }
        switch item["type"]?.string {
        case "agentMessage", "plan": return rest(.text, id, of: item["text"]?.string ?? "")
        case "reasoning":
            let summary = (item["summary"]?.array ?? []).compactMap(\.string)
            let content = (item["content"]?.array ?? []).compactMap(\.string)
            return rest(.reasoning, id, of: (summary.isEmpty ? content : summary).joined(separator: "\n\n"))
        case "contextCompaction":
            let trigger = turn?.isCompaction == true ? "manual" : "auto"
            return [.event(.noticed(.compacted(trigger: trigger, tokensBefore: usage.contextTokens ?? 0)))]
        default: break
        }
        guard let call = CodexItem.call(item), let result = CodexItem.result(item), !closed.contains(id)
        else {
            return []
        }
        segments.interrupt()
        // A known card is not updated: it may show details that only the request had, such as the reason.
        let known = cards.removeValue(forKey: id)
        close(id)
        return (known == nil ? [.event(.tool(call))] : []) + [.event(.toolEnded(result))]
    }

    private mutating func close(_ id: String) {
        closed.append(id)
        if closed.count > 500 { closed.removeFirst(closed.count - 500) }
    }

    private mutating func plan(_ steps: [JSONValue]) -> [AgentStep] {
        segments.interrupt()
        let entries = steps.compactMap { step in
            step["step"]?.string.map { text in
                PlanEntry(content: text, status: Self.planWords[step["status"]?.string ?? ""] ?? "pending")
            }
        }
        return [.event(.plan(entries))]
    }

    private static let planWords = [
        "pending": "pending", "inProgress": "in_progress", "completed": "completed",
    ]

    private mutating func used(_ value: JSONValue) -> [AgentStep] {
        func count(_ part: String, _ name: String) -> Int? {
            value[part]?[name]?.integer
        }
        usage.input = count("total", "inputTokens") ?? usage.input
        usage.output = count("total", "outputTokens") ?? usage.output
        usage.cachedInput = count("total", "cachedInputTokens")
        usage.contextTokens = count("last", "totalTokens")
        usage.contextWindow = value["modelContextWindow"]?.integer
        return turn == nil ? [] : [.event(.usage(usage))]
    }

    // MARK: Requests

    mutating func asked(_ id: JSONRPC.ID, _ method: String, _ params: JSONValue) -> [AgentStep] {
        guard let (kind, call) = ask(id, method, params) else {
            return [.send(.failure(id, .unknown(method)))]
        }
        let name = id.name
        let ask = CodexAsk(rpc: id, kind: kind, card: call.id)
        guard turn != nil, turn?.isInterrupted == false, asks.count < Self.openAsks else {
            return [.send(ask.response(PermissionAnswer(.abort)))]
        }
        var steps: [AgentStep] = []
        for (other, older) in asks where older.card == call.id || other == name {
            asks[other] = nil
            steps += [
                .send(older.response(PermissionAnswer(.denied))), .event(.permissionWithdrawn(id: other)),
            ]
        }
        asks[name] = ask
        cards[call.id] = call
        segments.interrupt()
        let isQuestion =
            switch kind {
            case .questions, .form: true
            default: false
            }
        return steps + [
            .event(
                .permissionRequested(
                    PermissionRequest(id: name, kind: isQuestion ? .question : .tool, tool: call)))
        ]
    }

    private func ask(
        _ id: JSONRPC.ID, _ method: String, _ params: JSONValue
    ) -> (CodexAsk.Kind, ToolCall)? {
        let card = params["itemId"]?.words ?? "request-\(id.name)"
        let reason = params["reason"]?.words
        func call(_ name: String, _ input: JSONValue) -> ToolCall {
            ToolCall(id: card, name: name, input: input)
        }
        switch method {
        case "item/commandExecution/requestApproval":
            let known = cards[card]?.input.object ?? [:]
            let own = CodexItem.command(params, reason: reason).object ?? [:]
            return (.command, call("CodexBash", .object(known.merging(own) { _, new in new })))
        case "item/fileChange/requestApproval":
            var input = cards[card]?.input.object ?? [:]
            input["message"] = .string(reason)
            input["grantRoot"] = .string(params["grantRoot"]?.words)
            return (.fileChange, call("CodexPatch", .object(input)))
        case "item/permissions/requestApproval":
            let permissions = params["permissions"] ?? .object([:])
            let input: JSONValue = .object(of: ["permissions": permissions, "message": .string(reason)])
            return (.permissions(permissions), call("CodexPermissions", input))
        case "item/tool/requestUserInput":
            let questions = params["questions"] ?? .array([])
            return (.questions, call("request_user_input", .object(["questions": questions])))
        case "mcpServer/elicitation/request" where params["mode"]?.string != "url":
            let form = ElicitationForm(params)
            return (.form(form), call("request_user_input", .object(["questions": form.questions])))
        default: return nil
        }
    }

    private mutating func resolved(_ id: JSONRPC.ID?) -> [AgentStep] {
        guard let id, asks.removeValue(forKey: id.name) != nil else { return [] }
        return [.event(.permissionWithdrawn(id: id.name))]
    }
}
