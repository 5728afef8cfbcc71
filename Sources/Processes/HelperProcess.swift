import Glibc

/// A short-lived program that is run for its answer: git, a login shell, a new version of this one.
package enum HelperProcess {
    package struct Result: Sendable {
        /// The exit code; 128 and its number for a signal.
        package let status: Int32
        package let output: String
        package let errors: String

        /// Its last words, for people.
        package var words: String {
            let said =
                errors.trimmingWhitespace.isEmpty ? output.trimmingWhitespace : errors.trimmingWhitespace
            return said.isEmpty ? "it ended with status \(status)" : said
        }
    }

    /// Asks the whole group to end, so that git takes back what it has half made, and then insists.
    private static let ending = StopSequence(steps: [
        .init(signal: SIGTERM, grace: .seconds(2)), .init(signal: SIGKILL, grace: .seconds(2)),
    ])

    /// Told what a program has last said on its standard error, while it works.
    package typealias Progress = @Sendable (String) async -> Void

    /// How often ``Progress`` is told.
    private static let progressInterval = Duration.seconds(2)

    /// Runs a program and waits for it; one that takes longer than `patience`, or whose caller is cancelled,
    /// is ended, with its whole process group. Its standard input is empty. What it prints goes to files in
    /// memory, so that nothing it leaves running in the background can hold up the answer.
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

    /// Whether it ends in time.
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

/// A program that was ended before it had answered.
package struct HelperCutShort: Error, CustomStringConvertible {
    package let program: String
    /// How long it had; nil if its answer was no longer wanted.
    package let patience: Duration?

    package var description: String {
        patience.map { "\(program) did not end within \($0)" } ?? "\(program) was interrupted"
    }
}

/// A program whose end was taken from us, so that its exit code is not known.
package struct HelperLost: Error, CustomStringConvertible {
    package let program: String
    package var description: String {
        "cannot tell how \(program) ended: another part of the system reaped it"
    }
}
