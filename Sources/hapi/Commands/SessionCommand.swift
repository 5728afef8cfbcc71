import Runner

/// `hapi [AGENT] [ARGS]`: a session in this terminal.
enum SessionCommand {
    static func run(_ arguments: [String]) async -> Int32 {
        Output.complain("not yet")
        return 1
    }
}
