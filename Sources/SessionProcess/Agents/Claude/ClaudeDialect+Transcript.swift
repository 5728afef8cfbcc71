import HubProtocol

extension ClaudeDialect {
    /// Each line has one complete block. Lines of the same message share its id.
    mutating func assistant(_ line: JSONValue) -> [AgentStep] {
        guard let message = line["message"], case .array(let blocks)? = message["content"] else { return [] }
        let parent = line["parent_tool_use_id"]?.string
        if line["error"]?.string != nil { hasSaidError = true }
        var events: [AgentEvent] = []
        if parent == nil, let usage = usage(message) { events.append(.usage(usage)) }
        for block in blocks {
            let id = line["uuid"]?.string ?? message["id"]?.string ?? ""
            switch block["type"]?.string {
            case "text":
                events.append(.said(Passage(id: id, text: block["text"]?.string ?? "", parent: parent)))
            case "thinking":
                let text = block["thinking"]?.string ?? ""
                events.append(.said(Passage(id: id, kind: .reasoning, text: text, parent: parent)))
            case "tool_use":
                guard let id = block["id"]?.string else { continue }
                let input = block["input"] ?? .object([:])
                events.append(
                    .tool(
                        ToolCall(
                            id: id, name: block["name"]?.string ?? "Tool", input: input,
                            description: input["description"]?.string, parent: parent)))
            default: continue
            }
        }
        return events.map(AgentStep.event)
    }

    private func usage(_ message: JSONValue) -> TokenUsage? {
        guard let usage = message["usage"], let input = usage["input_tokens"]?.count, input > 0 else {
            return nil
        }
        let read = usage["cache_read_input_tokens"]?.count ?? 0
        let created = usage["cache_creation_input_tokens"]?.count ?? 0
        var native = usage.object ?? [:]
        if let contextWindow { native["context_window"] = .integer(Int64(contextWindow)) }
        return TokenUsage(
            model: message["model"]?.string, input: input + read + created,
            output: usage["output_tokens"]?.integer ?? 0, cachedInput: read,
            contextTokens: input + read + created,
            contextWindow: contextWindow, native: .object(native))
    }

    /// Only tool results. Everything else is an echo, or was written by Claude itself in the person's name.
    mutating func user(_ line: JSONValue) -> [AgentStep] {
        guard line["isReplay"]?.bool != true, case .array(let blocks)? = line["message"]?["content"] else {
            return []
        }
        if let task = line["tool_use_result"]?["backgroundTaskId"]?.words, background.count < 1000 {
            background.insert(task)
        }
        let results = blocks.filter { $0["type"]?.string == "tool_result" }
        return results.compactMap { block in
            guard let id = block["tool_use_id"]?.string else { return nil }
            return .event(
                .toolEnded(
                    ToolResult(
                        id: id, output: block["content"] ?? "", isError: block["is_error"]?.bool ?? false,
                        structured: results.count == 1 ? line["tool_use_result"] : nil,
                        parent: line["parent_tool_use_id"]?.string)))
        }
    }

    mutating func result(_ line: JSONValue) -> [AgentStep] {
        isWorking = false
        defer { hasSaidError = false }
        adoptWindow(line)
        let errors = line["errors"]?.array?.compactMap(\.string) ?? []
        if let lost = errors.first(where: { $0.hasPrefix("No conversation found") }) {
            return [.event(.resumeFailed(reason: lost))]
        }
        var summary: [String: JSONValue] = [:]
        for key in ["usage", "modelUsage", "total_cost_usd", "num_turns", "duration_ms"] {
            summary[key] = line[key]
        }
        let end = TurnEnd(
            outcome(line, errors), milliseconds: line["duration_ms"]?.integer.map(Int64.init),
            summary: .object(summary))
        return [.event(.turnEnded(end))]
    }

    private func outcome(_ line: JSONValue, _ errors: [String]) -> TurnEnd.Outcome {
        if line["terminal_reason"]?.string?.hasPrefix("aborted") == true { return .interrupted }
        guard line["is_error"]?.bool == true else { return .completed }
        if hasSaidError { return .failed(nil) }
        let reason = errors.isEmpty ? line["result"]?.string : errors.joined(separator: "; ")
        return .failed(reason ?? line["subtype"]?.string ?? "Claude ended the turn with an error")
    }

    private mutating func adoptWindow(_ line: JSONValue) {
        guard let models = line["modelUsage"]?.object else { return }
        let used = model.flatMap { models[$0] } ?? models.values.first
        contextWindow = used?["contextWindow"]?.integer ?? contextWindow
    }
}
