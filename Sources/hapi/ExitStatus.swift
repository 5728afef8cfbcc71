import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Maps results and errors to exit statuses. No other code does.
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
            return of(error, arguments)
        }
    }

    static func of(_ body: () throws -> Int32) -> Int32 {
        do { return try body() } catch { return of(error) }
    }

    /// Prints the error on standard error and returns its status.
    static func of(_ error: any Error, _ arguments: [String] = []) -> Int32 {
        switch error {
        case let code as ExitCode: return code.rawValue
        case is RunnerLockHeld:
            Output.complain("\(error)")
            return lockHeld
        case let error as any CustomStringConvertible & Error where !isParserError(error):
            Output.complain("\(error)", hint: Output.hint(for: error))
            return failed
        default:
            return parserStatus(error, arguments)
        }
    }

    private static func isParserError(_ error: any Error) -> Bool {
        error is CleanExit || error is ValidationError || RootCommand.exitCode(for: error) != .failure
    }

    /// Prints the parser's help unchanged, but its usage errors as one line.
    private static func parserStatus(_ error: any Error, _ arguments: [String]) -> Int32 {
        let code = RootCommand.exitCode(for: error)
        guard !code.isSuccess else {
            Output.line(RootCommand.fullMessage(for: error))
            return code.rawValue
        }
        let message = RootCommand.message(for: error)
        let line = message.split(separator: "\n").map { $0.drop { $0 == " " } }.joined(separator: " ")
        Output.complain(
            (line.first?.lowercased() ?? "") + line.dropFirst(),
            hint: "\(CommandTree.path(of: arguments)) --help")
        return code.rawValue
    }
}
