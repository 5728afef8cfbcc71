import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Runs git. Every path of a user's stands behind `--` or after `-C`, so that none is taken for a flag.
struct Git: Sendable {
    let environment: [String: String]

    init(_ environment: [String: String]) {
        // Without what belongs to the repository someone started the runner from; never asking a question.
        var variables = InheritedVariables.passed(on: environment)
        variables[.gitPrompt] = "0"
        variables[.locale] = "C"
        self.environment = variables
    }

    /// What git prints, without the last line's end. Throws its own words where it fails.
    ///
    /// - Parameters:
    ///   - patience: a question takes milliseconds; what writes a working tree may take minutes.
    ///   - progress: told every other second what git last said of how far it is.
    func run(
        _ arguments: [String], in directory: String, within patience: Duration = .seconds(60),
        progress: HelperProcess.Progress? = nil
    ) async throws(GitError) -> String {
        let result: HelperProcess.Result
        do {
            result = try await HelperProcess.run(
                "git", ["-C", directory] + arguments, environment: environment, within: patience,
                progress: progress)
        } catch {
            throw GitError(command: arguments.first ?? "", directory: directory, reason: "\(error)")
        }
        guard result.status == 0 else {
            throw GitError(command: arguments.first ?? "", directory: directory, reason: result.words)
        }
        return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
    }
}

struct GitError: Error, CustomStringConvertible {
    let command: String
    let directory: String
    let reason: String
    var description: String { "git \(command) failed in \(directory): \(reason)" }
}
