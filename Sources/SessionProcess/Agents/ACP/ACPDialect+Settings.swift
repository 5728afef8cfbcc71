import HubProtocol

/// Settings are sent one at a time, and before the next prompt: Mistral Vibe loses a setting that arrives
/// while it applies another.
extension ACPDialect {
    static let settingPatience = Duration.seconds(10)

    mutating func set(_ setting: AgentSetting) -> [AgentStep] {
        settings.append(setting)
        return settings.count == 1 ? setNext() : []
    }

    /// Handles the queued settings up to the first one that the agent has to be asked for.
    private mutating func setNext() -> [AgentStep] {
        var steps: [AgentStep] = []
        while let setting = settings.first {
            steps += ask(setting)
            let isAsked = steps.contains { if case .send = $0 { true } else { false } }
            if isAsked { return steps + [.alarm("setting", after: Self.settingPatience)] }
            settings.removeFirst()
        }
        guard let held else { return steps }
        self.held = nil
        return steps + prompt(held)
    }

    /// A setting is decided. Ignores a late answer to an earlier one.
    private mutating func settled(_ number: Int) -> [AgentStep] {
        guard number == settingNumber, !settings.isEmpty else { return [] }
        settings.removeFirst()
        return [.cancelAlarm("setting")] + setNext()
    }

    mutating func settingIsLate() -> [AgentStep] {
        guard let setting = settings.first else { return [] }
        return [.event(.settingRefused(setting, reason: "\(agent) did not answer in time"))]
            + settled(settingNumber)
    }

    mutating func adopted(_ setting: AgentSetting, _ value: String, _ number: Int, _ result: JSONValue)
        -> [AgentStep]
    {
        if result["configOptions"] == nil { note(value, of: setting) } else { options.adopt(result) }
        // Some agents accept a setting and change nothing.
        if let kept = choice(of: setting)?.current, kept != value {
            return [.event(.settingRefused(setting, reason: "\(agent) keeps \(kept)"))] + settled(number)
        }
        if case .mode(let mode) = setting { self.mode = mode }
        return [.event(.settingChanged(setting))] + settled(number)
    }

    /// For an agent that confirms a setting without sending its options.
    private mutating func note(_ value: String, of setting: AgentSetting) {
        switch setting {
        case .mode: options.mode?.current = value
        case .model: options.model?.current = value
        case .effort: options.effort?.current = value
        }
    }

    mutating func refused(_ setting: AgentSetting, _ number: Int, _ failure: JSONRPC.Failure) -> [AgentStep] {
        [.event(.settingRefused(setting, reason: "\(failure)"))] + settled(number)
    }

    private func choice(of setting: AgentSetting) -> ACPOptions.Choice? {
        switch setting {
        case .mode: options.mode
        case .model: options.model
        case .effort: options.effort
        }
    }

    // MARK: Requests

    private mutating func ask(_ setting: AgentSetting) -> [AgentStep] {
        guard let sessionID else { return [] }
        switch setting {
        case .mode("plan") where options.ownMode("plan") == nil: return refusePlan()
        case .mode(let mode):
            guard let value = options.agentMode(for: mode), value != options.mode?.current else {
                self.mode = mode
                return [.event(.settingChanged(setting))]
            }
            return ask(setting, options.mode, value, sessionID)
        case .model(let model):
            guard let choice = options.model else { return askByMethod(setting, model, sessionID) }
            return ask(setting, choice, model ?? choice.initial, sessionID)
        case .effort(let effort):
            return ask(setting, options.effort, effort ?? options.effort?.initial, sessionID)
        }
    }

    /// Refused, because an agent without a plan mode would make changes anyway.
    private mutating func refusePlan() -> [AgentStep] {
        let known = (options.mode?.values ?? []).map(\.id).joined(separator: ", ")
        let reason = "\(agent) has no mode plan" + (known.isEmpty ? "" : "; it has \(known)")
        let refused = AgentStep.event(.settingRefused(.mode("plan"), reason: reason))
        guard mode == "plan" else { return [refused] }
        mode = hubModes.first ?? "default"
        return [refused, .event(.settingChanged(.mode(mode)))]
    }

    private mutating func ask(
        _ setting: AgentSetting, _ choice: ACPOptions.Choice?, _ value: String?, _ sessionID: String
    ) -> [AgentStep] {
        guard let choice, let value else {
            return [.event(.settingRefused(setting, reason: "\(agent) has no such setting"))]
        }
        // Some agents accept values that they do not have.
        guard choice.values.contains(where: { $0.id == value }) else {
            let known = choice.values.map(\.id).joined(separator: ", ")
            return [.event(.settingRefused(setting, reason: "\(agent) has no \(value); it has \(known)"))]
        }
        guard let id = choice.configID else {
            return [ask("session/set_mode", ["modeId": .string(value)], setting, value, sessionID)]
        }
        let params: [String: JSONValue] = ["configId": .string(id), "value": .string(value)]
        return [ask("session/set_config_option", params, setting, value, sessionID)]
    }

    /// Older agents have a method for the model that is not in the protocol.
    private mutating func askByMethod(
        _ setting: AgentSetting, _ model: String?, _ sessionID: String
    ) -> [AgentStep] {
        guard let model else { return [.event(.settingChanged(setting))] }
        return [ask("session/set_model", ["modelId": .string(model)], setting, model, sessionID)]
    }

    private mutating func ask(
        _ method: String, _ params: [String: JSONValue], _ setting: AgentSetting, _ value: String,
        _ sessionID: String
    ) -> AgentStep {
        settingNumber += 1
        let params = params.merging(["sessionId": .string(sessionID)]) { own, _ in own }
        return request(method, .object(params), for: .set(setting, value: value, number: settingNumber))
    }
}
