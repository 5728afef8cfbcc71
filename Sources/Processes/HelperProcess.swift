import Glibc

/// Runs a short-lived program for its output: git, a login shell, a new version of this program.
package enum HelperProcess {
    package struct Result: Sendable {
        /// The exit code, or 128 plus the number of a signal.
        package let status: Int32
        package let output: String
        package let errors: String

        /// The last line of its output, for people.
        package var words: String {
            let said =
                errors.trimmingWhitespace.isEmpty ? output.trimmingWhitespace : errors.trimmingWhitespace
            return said.isEmpty ? "it ended with status \(status)" : said
        }
    }

    /// SIGTERM first, so that git can remove what it has half created, then SIGKILL, both to the whole group.
    private static let ending = StopSequence(steps: [
        .init(signal: SIGTERM, grace: .seconds(2)), .init(signal: SIGKILL, grace: .seconds(2)),
    ])

    /// Called with the last line on a program's standard error while it is running.
    package typealias Progress = @Sendable (String) async -> Void

    /// The interval between calls of ``Progress``.
    private static let progressInterval = Duration.seconds(2)

    /// Runs a program and waits for it. If it takes longer than `patience` or the caller is cancelled, ends
    /// it with its process group. Its standard input is empty. Its output goes to memory files, not pipes, so
    /// that processes it leaves in the background don't delay the result.
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String = "/",
        within patience: Duration, progress: Progress? = nil
    ) async throws -> Result {
        let deadline = ContinuousClock.now + patience
        let (output, errors) = (try MemoryFile("output"), try MemoryFile("errors"))
        let launch = ProcessLaunch(
            program: program, arguments: [program] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" }, directory: directory,
            output: .descriptor(output.descriptor), errors: .descriptor(errors.descriptor), searchesPath: true
        )
        let process = try await launch.started(within: patience, keeping: [output, errors])
        guard let process, await ended(process, by: deadline, telling: progress, errors) else {
            let error = HelperCutShort(program: program, patience: Task.isCancelled ? nil : patience)
            if let process { await ending.run(group: process) }
            throw error
        }
        guard let status = process.reap()?.status else { throw HelperLost(program: program) }
        return Result(status: status, output: output.text(), errors: errors.text())
    }

    /// Whether the process ends before the deadline.
    private static func ended(
        _ process: LaunchedProcess, by deadline: ContinuousClock.Instant, telling progress: Progress?,
        _ errors: MemoryFile
    ) async -> Bool {
        guard let progress else { return await process.ended(within: deadline - .now) }
        while await !process.ended(within: min(progressInterval, deadline - .now)) {
            guard !Task.isCancelled, ContinuousClock.now < deadline else { return false }
            await progress(errors.lastWords)
        }
        return true
    }
}

/// A program was ended before it had finished.
package struct HelperCutShort: Error, CustomStringConvertible {
    package let program: String
    /// Its time limit; nil if the caller was cancelled.
    package let patience: Duration?

    package var description: String {
        patience.map { "\(program) did not end within \($0)" } ?? "\(program) was interrupted"
    }
}

/// A program was reaped by something else, so its exit code is not known.
package struct HelperLost: Error, CustomStringConvertible {
    package let program: String
    package var description: String {
        "cannot tell how \(program) ended: another part of the system reaped it"
    }
}
