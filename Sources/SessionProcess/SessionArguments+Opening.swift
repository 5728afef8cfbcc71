extension SessionArguments {
    /// What a conversation begins with. In a terminal a word that is no id lets the person choose there.
    func opening(_ row: AgentRow, _ directory: String, inTerminal: Bool = false) -> AgentOpening {
        let id = resumedID.flatMap { !inTerminal || isUUID($0) ? $0 : nil }
        var opening = AgentOpening(directory: directory, nativeID: id)
        opening.forks = forks
        opening.mode = permissionMode.flatMap { row.modes.contains($0) ? $0 : nil } ?? row.modes.first
        opening.model = model
        opening.effort = effort ?? modelReasoningEffort
        return opening
    }

    /// What stands behind `--` is what the agent is asked first.
    var firstPrompt: String? {
        let words = lastArguments.joined(separator: " ")
        return words.isEmpty ? nil : words
    }
}
