import HubProtocol

extension CodexDialect {
    mutating func command(_ command: AgentCommand) -> [AgentStep] {
        switch command {
        case .prompt(let prompt): self.prompt(prompt)
        case .steer(let prompt): steer(prompt)
        case .answer(let request, let answer): self.answer(request, answer)
        case .interrupt: interrupt()
        case .set(let setting): set(setting)
        }
    }

    mutating func prompt(_ prompt: Prompt) -> [AgentStep] {
        guard let threadID else { return [] }
        guard turn == nil else {
            waiting.append(prompt)
            return []
        }
        turn = Turn(prompt: prompt.id)
        switch prompt.text.split(separator: " ").first {
        case "/compact":
            turn?.isCompaction = true
            let params = JSONValue.object(["threadId": .string(threadID)])
            return [request("thread/compact/start", params, for: .startTurn(prompt: prompt.id))]
        case "/clear", "/new": return [startThread(for: .clear(prompt: prompt.id))]
        default: return [startTurn(prompt, threadID)]
        }
    }

    private mutating func startTurn(_ prompt: Prompt, _ threadID: String) -> AgentStep {
        var params = CodexMode(mode).ofTurn
        params["threadId"] = .string(threadID)
        params["input"] = Self.input(prompt)
        if namesModel { params["model"] = .string(model ?? initialModel) }
        if namesEffort { params["effort"] = .string(effort ?? initialEffort) }
        return request("turn/start", .object(params), for: .startTurn(prompt: prompt.id))
    }

    /// Images are attached. Other files are named with `@`, and the agent reads them if it wants to.
    private static func input(_ prompt: Prompt) -> JSONValue {
        let pictures = prompt.attachments.filter { $0.mimeType.hasPrefix("image/") }
        let files = prompt.attachments.filter { !$0.mimeType.hasPrefix("image/") }
        let names = files.map { "@\($0.path)" }.joined(separator: " ")
        let text = names.isEmpty ? prompt.text : "\(names)\n\n\(prompt.text)"
        let words: [JSONValue] = [.object(["type": .string("text"), "text": .string(text)])]
        return .array(
            words + pictures.map { .object(["type": .string("localImage"), "path": .string($0.path)]) })
    }

    private mutating func steer(_ prompt: Prompt) -> [AgentStep] {
        guard let threadID, let turn, let id = turn.id, !turn.isCompaction, !turn.isInterrupted else {
            return self.prompt(prompt)
        }
        let params: [String: JSONValue] = [
            "threadId": .string(threadID), "expectedTurnId": .string(id), "input": Self.input(prompt),
        ]
        return [request("turn/steer", .object(params), for: .steer(prompt))]
    }

    private mutating func interrupt() -> [AgentStep] {
        guard let threadID, turn?.isInterrupted == false else { return [] }
        turn?.isInterrupted = true
        // A turn that has not begun yet is interrupted as soon as it has.
        return cancelAsks() + interruptNow(threadID)
    }

    mutating func interruptNow(_ threadID: String) -> [AgentStep] {
        guard let id = turn?.id else { return [] }
        let params: [String: JSONValue] = ["threadId": .string(threadID), "turnId": .string(id)]
        return [request("turn/interrupt", .object(params), for: .nothing)]
    }

    mutating func cancelAsks() -> [AgentStep] {
        defer { asks = [:] }
        return asks.sorted { $0.key < $1.key }.map { .send($0.value.response(PermissionAnswer(.abort))) }
    }

    private mutating func answer(_ request: String, _ answer: PermissionAnswer) -> [AgentStep] {
        guard let ask = asks.removeValue(forKey: request) else { return [] }
        return [.send(ask.response(answer))] + end(ask, answer)
    }

    /// Closes the card of a request that is not about an item of Codex: the answer is its only end.
    private mutating func end(_ ask: CodexAsk, _ answer: PermissionAnswer) -> [AgentStep] {
        switch ask.kind {
        case .command, .fileChange: return []
        case .permissions, .questions, .form:
            cards[ask.card] = nil
            let refused = answer.decision == .denied || answer.decision == .abort
            let said = answer.answers.sorted { $0.key < $1.key }.map { $0.value.joined(separator: ", ") }
            let words = refused ? "Declined" : said.joined(separator: "\n")
            return [.event(.toolEnded(ToolResult(id: ask.card, output: .string(words), isError: refused)))]
        }
    }

    /// Each turn names its settings, so a change takes effect with the next turn.
    private mutating func set(_ setting: AgentSetting) -> [AgentStep] {
        switch setting {
        case .mode(let mode): self.mode = mode
        case .model(let model):
            self.model = model
            namesModel = true
            usage.model = model ?? initialModel
        case .effort(let effort):
            self.effort = effort
            namesEffort = true
        }
        return [.event(.settingChanged(setting))]
    }
}
