extension SessionArguments {
    /// How the conversation starts. In a terminal, a word after `--resume` that is not an id is left to the
    /// agent's program, where the person can choose.
    func opening(_ row: AgentRow, _ directory: String, inTerminal: Bool = false) -> AgentOpening {
        let id = resumedID.flatMap { !inTerminal || isUUID($0) ? $0 : nil }
        var opening = AgentOpening(directory: directory, nativeID: id)
        opening.forks = forks
        opening.mode = permissionMode.flatMap { row.modes.contains($0) ? $0 : nil } ?? row.modes.first
        opening.model = model
        opening.effort = effort ?? modelReasoningEffort
        return opening
    }

    /// The arguments after a bare `--` are the first prompt.
    var firstPrompt: String? {
        let words = lastArguments.joined(separator: " ")
        return words.isEmpty ? nil : words
    }
}
