extension SessionArguments {
    /// What a conversation without a terminal begins with.
    func opening(_ row: AgentRow, _ directory: String) -> AgentOpening {
        var opening = AgentOpening(directory: directory, nativeID: resumedID)
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
