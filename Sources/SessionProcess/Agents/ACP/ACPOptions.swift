import HubProtocol

/// The settings that an ACP agent offers, and their current values. Plain modes are ignored if there is a
/// configuration option for the mode (session contract §11.2).
struct ACPOptions: Equatable, Sendable {
    struct Choice: Equatable, Sendable {
        /// nil for plain modes, which have their own method.
        var configID: String?
        var values: [AgentOption] = []
        var current: String?
        /// The value when the session began.
        var initial: String?
    }

    var mode: Choice?
    var model: Choice?
    var effort: Choice?

    /// Takes over the content of an answer or an update. What it does not mention is unchanged.
    mutating func adopt(_ value: JSONValue) {
        if let options = value["configOptions"]?.array, !options.isEmpty {
            for option in options { adopt(option: option) }
        } else if let modes = value["modes"], mode?.configID == nil {
            let values = (modes["availableModes"]?.array ?? []).compactMap { Self.option($0, id: "id") }
            update(&mode, Choice(values: values, current: modes["currentModeId"]?.words))
        }
    }

    private mutating func adopt(option: JSONValue) {
        guard let id = option["id"]?.words else { return }
        let choice = Choice(
            configID: id,
            values: Self.flat(option["options"]?.array ?? []).compactMap { Self.option($0, id: "value") },
            current: option["currentValue"]?.string)
        switch option["category"]?.words ?? id {
        case "mode": update(&mode, choice)
        case "model": update(&model, choice)
        // Mistral Vibe uses its own word.
        case "thought_level", "thinking": update(&effort, choice)
        default: break
        }
    }

    private func update(_ choice: inout Choice?, _ new: Choice) {
        let initial = choice?.initial ?? new.current
        choice = new
        choice?.initial = initial
    }

    /// Options may come in groups.
    private static func flat(_ options: [JSONValue]) -> [JSONValue] {
        options.flatMap { $0["options"]?.array ?? [$0] }
    }

    private static func option(_ value: JSONValue, id: String) -> AgentOption? {
        value[id]?.words.map { AgentOption(id: $0, name: value["name"]?.words) }
    }

    // MARK: The hub's modes and the agent's

    /// The agent's mode for a mode of the hub: the one with the same name, or else the initial one. With the
    /// initial one, what runs without asking is decided here (``ApprovalPolicy``) and not by the agent; so
    /// for `read-only`, an `ask` mode of the agent is preferred.
    func agentMode(for hubMode: String) -> String? {
        ownMode(hubMode) ?? (hubMode == "read-only" ? ownMode("ask") : nil) ?? mode?.initial
    }

    /// The agent's mode with this name, in any spelling: `acceptEdits` matches `accept-edits`.
    func ownMode(_ hubMode: String) -> String? {
        let ids = mode?.values.map(\.id) ?? []
        return ids.first { $0 == hubMode } ?? ids.first { Self.spelling($0) == Self.spelling(hubMode) }
    }

    private static func spelling(_ mode: String) -> String { mode.lowercased().filter(\.isLetter) }

    /// The hub's mode for a mode that the agent has switched to itself; nil if the hub does not know it.
    func hubMode(for agentMode: String, among known: [String]) -> String? {
        if known.contains(agentMode) { return agentMode }
        if agentMode == mode?.initial, known.contains("default") { return "default" }
        return known.first { Self.spelling($0) == Self.spelling(agentMode) }
    }
}
