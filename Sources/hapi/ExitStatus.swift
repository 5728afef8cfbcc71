import ArgumentParser
import Runner

/// The one place where what happened becomes an exit status.
enum ExitStatus {
    static let failed: Int32 = 1
    static let needsApproval: Int32 = 2
    static let noRunner: Int32 = 3
    static let usage: Int32 = 64
    static let hubRefused: Int32 = 69
    static let lockHeld: Int32 = 75

    /// Parses and runs a command.
    static func ofCommand(_ arguments: [String]) async -> Int32 {
        do {
            var command = try SpawnCommand.parse(arguments) ?? RootCommand.parseAsRoot(arguments)
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
            return 0
        } catch {
            return of(error)
        }
    }

    static func of(_ body: () throws -> Int32) -> Int32 {
        do { return try body() } catch { return of(error) }
    }

    /// Tells the error on standard error, and gives its status.
    static func of(_ error: any Error) -> Int32 {
        switch error {
        case let code as ExitCode: return code.rawValue
        case is RunnerLockHeld:
            Output.complain("\(error)")
            return lockHeld
        case let error as any CustomStringConvertible & Error where !isParserError(error):
            Output.complain("\(error)", hint: Output.hint(for: error))
            return failed
        default:
            return parserStatus(error)
        }
    }

    private static func isParserError(_ error: any Error) -> Bool {
        error is CleanExit || error is ValidationError || RootCommand.exitCode(for: error) != .failure
    }

    /// Help and usage errors, in the parser's own words.
    private static func parserStatus(_ error: any Error) -> Int32 {
        let code = RootCommand.exitCode(for: error)
        let message = RootCommand.fullMessage(for: error)
        if code.isSuccess { Output.line(message) } else { Output.errors(message) }
        return code.rawValue
    }
}
