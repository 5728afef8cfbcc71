import CProcess
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

    /// What is read of each stream at most, in bytes.
    private static let outputLimit = 4 << 20

    /// What one that is cut short has for cleaning up after itself.
    private static let grace = Duration.seconds(2)

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
        let (output, errors) = (try MemoryFile(), try MemoryFile())
        let launch = ProcessLaunch(
            program: program, arguments: [program] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" }, directory: directory,
            output: .descriptor(output.descriptor), errors: .descriptor(errors.descriptor), searchesPath: true
        )
        let pid = try launch.start()
        guard let process = ProcessTable.identity(of: pid).flatMap(ProcessDescriptor.init) else {
            // No descriptor is free, and nothing else tells its end.
            let code = errno
            kill(-pid, SIGKILL)
            _ = ChildExit.reaping(pid)
            throw FileError.cannotRun(program, code)
        }
        guard await ended(process, within: patience, telling: progress, errors) else {
            let error = HelperCutShort(program: program, patience: Task.isCancelled ? nil : patience)
            await end(process)
            throw error
        }
        return Result(
            status: ChildExit.reaping(pid).status,
            output: output.text(limit: outputLimit), errors: errors.text(limit: outputLimit))
    }

    /// Whether it ends in time.
    private static func ended(
        _ process: ProcessDescriptor, within patience: Duration, telling progress: Progress?,
        _ errors: MemoryFile
    ) async -> Bool {
        guard let progress else { return await allEnded([process], within: patience) }
        let deadline = ContinuousClock.now + patience
        while await !allEnded([process], within: min(progressInterval, deadline - .now)) {
            guard !Task.isCancelled, ContinuousClock.now < deadline else { return false }
            await progress(errors.lastWords)
        }
        return true
    }

    /// Asks the whole group to end, so that git takes back what it has half made, and then insists.
    private static func end(_ process: ProcessDescriptor) async {
        let pid = process.identity.pid
        // A task of its own: a cancelled one would not wait.
        await Task {
            kill(-pid, SIGTERM)
            _ = await allEnded([process], within: grace)
            // Unreaped as yet, so that the group's number is nobody else's.
            kill(-pid, SIGKILL)
            _ = await allEnded([process], within: grace)
        }.value
        // One that even so does not end stays a zombie, and holds up nobody.
        waitpid(pid, nil, WNOHANG)
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

/// An anonymous file that a program writes to.
private final class MemoryFile: Sendable {
    let descriptor: Int32

    init() throws(FileError) {
        descriptor = cprocess_memory_file("output")
        guard descriptor >= 0 else {
            throw FileError(action: "create", path: "a memory file", code: -descriptor)
        }
    }

    deinit { close(descriptor) }

    func text(limit: Int) -> String { text(from: 0, limit: limit) }

    /// The end of the last line that says something. A progress meter ends its line with a carriage return
    /// alone, and writes over it.
    var lastWords: String {
        text(from: max(0, size - 1024), limit: 1024).split(whereSeparator: \.isNewline).last {
            !$0.allSatisfy(\.isWhitespace)
        }.map { String($0).trimmingWhitespace } ?? ""
    }

    /// Not asked by `lseek`: the program writes at the offset it shares with this descriptor.
    private var size: off_t {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_size : 0
    }

    private func text(from start: off_t, limit: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(min(off_t(limit), max(0, size - start))))
        let count = pread(descriptor, &bytes, bytes.count, start)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
