import HubProtocol

extension ACPDialect {
    package mutating func command(_ command: AgentCommand) -> [AgentStep] {
        switch command {
        // Not offered: these agents have no way to take words into a running turn.
        case .prompt(let prompt), .steer(let prompt): self.prompt(prompt)
        case .answer(let request, let answer): self.answer(request, answer)
        case .interrupt: interrupt()
        case .set(let setting): set(setting)
        }
    }

    private mutating func prompt(_ prompt: Prompt) -> [AgentStep] {
        guard let sessionID else { return [] }
        turn = Turn()
        segments.interrupt()
        let params: [String: JSONValue] = [
            "sessionId": .string(sessionID), "prompt": .array(blocks(of: prompt)),
        ]
        // The protocol has no word for a prompt that was taken: written is begun.
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
        guard turn != nil else { return [] }
        return cancel() + cancelPermissions()
    }

    /// Once a turn: the agent answers the prompt then.
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

    // MARK: Settings

    mutating func set(_ setting: AgentSetting) -> [AgentStep] {
        guard let sessionID else { return [] }
        switch setting {
        case .mode(let mode):
            guard let value = options.agentMode(for: mode), value != options.mode?.current else {
                self.mode = mode
                return [.event(.settingChanged(setting))]
            }
            return set(setting, options.mode, to: value, sessionID)
        case .model(let model):
            guard let choice = options.model else { return setModelByMethod(setting, model, sessionID) }
            return set(setting, choice, to: model ?? choice.initial, sessionID)
        case .effort(let effort):
            return set(setting, options.effort, to: effort ?? options.effort?.initial, sessionID)
        }
    }

    private mutating func set(
        _ setting: AgentSetting, _ choice: ACPOptions.Choice?, to value: String?, _ sessionID: String
    ) -> [AgentStep] {
        guard let choice, let value else {
            return [.event(.settingRefused(setting, reason: "\(agent) has no such setting"))]
        }
        // Some agents accept what they do not have.
        guard choice.values.contains(where: { $0.id == value }) else {
            let known = choice.values.map(\.id).joined(separator: ", ")
            return [.event(.settingRefused(setting, reason: "\(agent) has no \(value); it has \(known)"))]
        }
        var params: [String: JSONValue] = ["sessionId": .string(sessionID)]
        guard let id = choice.configID else {
            params["modeId"] = .string(value)
            return [request("session/set_mode", .object(params), for: .set(setting))]
        }
        params["configId"] = .string(id)
        params["value"] = .string(value)
        return [request("session/set_config_option", .object(params), for: .set(setting))]
    }

    /// Older agents have a method for it that the protocol does not.
    private mutating func setModelByMethod(
        _ setting: AgentSetting, _ model: String?, _ sessionID: String
    ) -> [AgentStep] {
        guard let model else { return [.event(.settingChanged(setting))] }
        let params: [String: JSONValue] = ["sessionId": .string(sessionID), "modelId": .string(model)]
        return [request("session/set_model", .object(params), for: .set(setting))]
    }

    mutating func adopted(_ setting: AgentSetting, _ result: JSONValue) -> [AgentStep] {
        options.adopt(result)
        if case .mode(let mode) = setting {
            self.mode = mode
            let agentMode = options.agentMode(for: mode)
            if options.mode?.configID == nil { options.mode?.current = agentMode }
        }
        return [.event(.settingChanged(setting))]
    }
}
