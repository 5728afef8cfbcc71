import HubProtocol

extension ACPDialect {
    mutating func command(_ command: AgentCommand) -> [AgentStep] {
        switch command {
        // Steering is not offered: these agents cannot add a message to a running turn.
        case .prompt(let prompt), .steer(let prompt): self.prompt(prompt)
        case .answer(let request, let answer): self.answer(request, answer)
        case .interrupt: interrupt()
        case .set(let setting): set(setting)
        }
    }

    mutating func prompt(_ prompt: Prompt) -> [AgentStep] {
        guard let sessionID else { return [] }
        guard settings.isEmpty else {
            held = prompt
            return []
        }
        turn = Turn()
        segments.interrupt()
        let params: [String: JSONValue] = [
            "sessionId": .string(sessionID), "prompt": .array(blocks(of: prompt)),
        ]
        // The protocol does not confirm that a prompt has begun, so it counts as begun when it is sent.
        return [
            .cancelAlarm("quiet"), request("session/prompt", .object(params), for: .prompt),
            .event(.promptStarted(id: prompt.id)),
        ]
    }

    private func blocks(of prompt: Prompt) -> [JSONValue] {
        let text: [JSONValue] =
            prompt.text.isEmpty && !prompt.attachments.isEmpty
            ? [] : [.object(["type": .string("text"), "text": .string(prompt.text)])]
        return text + prompt.attachments.map(block)
    }

    private func block(_ file: Attachment) -> JSONValue {
        if takesImages, file.mimeType.hasPrefix("image/"), let bytes = readFile(file.path) {
            return .object([
                "type": .string("image"), "mimeType": .string(file.mimeType),
                "data": .string(AttachedFile.base64(bytes)),
            ])
        }
        return .object([
            "type": .string("resource_link"), "uri": .string(AttachedFile.uri(file.path)),
            "name": .string(file.filename), "mimeType": .string(file.mimeType),
        ])
    }

    // MARK: Decisions

    private mutating func answer(_ request: String, _ answer: PermissionAnswer) -> [AgentStep] {
        guard let permission = permissions.removeValue(forKey: request) else { return [] }
        let response = AgentStep.send(permission.response(permission.option(for: answer)))
        return answer.decision == .abort ? cancel() + [response] : [response]
    }

    private mutating func interrupt() -> [AgentStep] {
        if let held {
            self.held = nil
            return [.event(.promptStarted(id: held.id)), .event(.turnEnded(TurnEnd(.interrupted)))]
        }
        guard turn != nil else { return [] }
        return cancel() + cancelPermissions()
    }

    /// Sent once per turn. The agent then answers the prompt.
    private mutating func cancel() -> [AgentStep] {
        guard let sessionID, turn?.isCancelled == false else { return [] }
        turn?.isCancelled = true
        return [
            .send(.notification(method: "session/cancel", params: .object(["sessionId": .string(sessionID)])))
        ]
    }

    mutating func cancelPermissions() -> [AgentStep] {
        defer { permissions = [:] }
        return permissions.sorted { $0.key < $1.key }.map { .send($0.value.response(nil)) }
    }
}
