import Testing

extension TestHome {
    /// Runs a command in a terminal, as a person does: presses keys, and waits for texts on the screen, which
    /// begin with `?`.
    package func inTerminal(
        _ command: [String], _ steps: [String], _ changes: [String: String] = [:],
        location: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        try write("steps", steps.joined(separator: "\n"))
        let player = [Paths.python, Paths.root + "/Tests/Hub/terminal.py", root + "/steps"]
        let child = try start(player + command, changes)
        let status = try await child.ended(within: .seconds(120), location)
        return Finished(status: status, output: child.output, errors: child.errors)
    }
}
