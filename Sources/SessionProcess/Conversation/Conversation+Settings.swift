import HubProtocol

extension Conversation {
    /// How long the agent has to confirm a setting, in milliseconds. The hub waits 30 s.
    static let settingPatience: Int64 = 10_000

    mutating func configure(
        _ settings: [AgentSetting], _ reply: ReplyTicket, _ now: Moment, _ actions: inout Actions
    ) {
        guard !isInTerminal else {
            return actions.add(
                .reply(reply, .failed("\(row.name) runs in a terminal: its settings are changed there")))
        }
        for case .mode(let mode) in settings where !row.modes.contains(mode) {
            let known = row.modes.joined(separator: ", ")
            return actions.add(
                .reply(reply, .failed("\(row.name) has no permission mode \(mode); it has \(known)")))
        }
        set(settings, reply: reply, now, &actions)
    }

    /// Asks the agent for each setting. An agent that is not ready yet gets them when it starts.
    mutating func set(
        _ settings: [AgentSetting], reply: ReplyTicket?, _ now: Moment, _ actions: inout Actions
    ) {
        guard agent == .ready else {
            for setting in settings { adopt(setting) }
            if agent == .starting { settingsToTell += settings }
            actions.add(.publishStatus)
            if let reply { actions.add(.reply(reply, .applied(settings))) }
            return
        }
        for setting in settings { actions.add(.command(.set(setting))) }
        if let reply {
            settingsAsked.append(
                SettingsAsked(
                    reply: reply, all: settings, pending: settings,
                    deadline: now.uptime + Self.settingPatience))
        }
    }

    mutating func changed(_ setting: AgentSetting, _ actions: inout Actions) {
        let differs = adopt(setting)
        if differs { actions.add(.publishStatus) }
        if differs, case .mode(let mode) = setting { actions.say(.modeChanged(mode)) }
        for index in settingsAsked.indices { settingsAsked[index].pending.removeAll { $0 == setting } }
        for asked in settingsAsked where asked.pending.isEmpty {
            actions.add(.reply(asked.reply, .applied(asked.all)))
        }
        settingsAsked.removeAll(where: \.pending.isEmpty)
    }

    mutating func refused(_ setting: AgentSetting, _ reason: String, _ actions: inout Actions) {
        guard let index = settingsAsked.firstIndex(where: { $0.pending.contains(setting) }) else {
            return actions.say(.notice(.message("\(row.name) keeps its setting: \(reason)")))
        }
        actions.add(.reply(settingsAsked.remove(at: index).reply, .failed(reason)))
    }

    mutating func expireSettings(_ now: Moment, _ actions: inout Actions) {
        for asked in settingsAsked where asked.deadline <= now.uptime {
            actions.add(.reply(asked.reply, .failed("\(row.name) did not answer in time")))
        }
        settingsAsked.removeAll { $0.deadline <= now.uptime }
    }

    mutating func failSettings(_ reason: String, _ actions: inout Actions) {
        for asked in settingsAsked { actions.add(.reply(asked.reply, .failed(reason))) }
        settingsAsked = []
    }

    /// Returns whether the value has changed.
    @discardableResult
    private mutating func adopt(_ setting: AgentSetting) -> Bool {
        switch setting {
        case .mode(let value):
            defer { mode = value }
            return mode != value
        case .model(let value):
            defer { model = value }
            return model != value
        case .effort(let value):
            defer { effort = value }
            return effort != value
        }
    }
}
