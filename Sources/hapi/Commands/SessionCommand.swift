import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// `hapi [AGENT] [ARGS]`: a session in this terminal.
enum SessionCommand {
    /// Returns the agent's own exit status, or 1 if it could not be started.
    static func run(_ arguments: [String]) async -> Int32 {
        do {
            let session = try SessionProcess(
                try SessionArguments(arguments), environment: processEnvironment,
                warn: { Output.complain($0) })
            return try await session.run()
        } catch {
            return ExitStatus.of(error)
        }
    }
}
