import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Runs git. A user's path always follows `--` or `-C`, so that it is not interpreted as a flag.
struct Git: Sendable {
    let environment: [String: String]

    init(_ environment: [String: String]) {
        // Without the variables of the repository that the runner may have been started in, and without
        // prompts.
        var variables = InheritedVariables.passed(on: environment)
        variables[.gitPrompt] = "0"
        variables[.locale] = "C"
        self.environment = variables
    }

    /// Returns git's standard output without its last newline. Throws git's error message if it fails.
    ///
    /// - Parameters:
    ///   - patience: queries take milliseconds; writing a working tree may take minutes.
    ///   - progress: called every other second with git's last progress message.
    func run(
        _ arguments: [String], in directory: String, within patience: Duration = .seconds(60),
        progress: HelperProcess.Progress? = nil
    ) async throws(GitError) -> String {
        var attempts = 1
        while true {
            let result: HelperProcess.Result
            do {
                result = try await HelperProcess.run(
                    "git", ["-C", directory] + arguments, environment: environment, within: patience,
                    progress: progress)
            } catch {
                throw GitError(command: arguments.first ?? "", directory: directory, reason: "\(error)")
            }
            if result.status == 0 {
                return result.output.hasSuffix("\n") ? String(result.output.dropLast()) : result.output
            }
            guard attempts < 20, Self.metAnother(result.words) else {
                throw GitError(command: arguments.first ?? "", directory: directory, reason: result.words)
            }
            attempts += 1
            // Ends early when the task is cancelled; the next attempt then says so.
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Git reads the records of all worktrees first, and fails if another git has not written one of them to
    /// its end (git 2.39: "failed to read .git/worktrees/NAME/commondir: Success").
    private static func metAnother(_ words: String) -> Bool {
        words.contains("failed to read") && words.contains("worktrees/")
    }
}

struct GitError: Error, CustomStringConvertible {
    let command: String
    let directory: String
    let reason: String
    var description: String { "git \(command) failed in \(directory): \(reason)" }
}
