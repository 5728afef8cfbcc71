import CProcess
import Glibc

/// A short-lived program that is run for its answer: git, a login shell, a new version of this one.
enum HelperProcess {
    struct Result: Sendable {
        /// The exit code; 128 and its number for a signal.
        let status: Int32
        let output: String
        let errors: String

        /// Its last words, for people.
        var words: String {
            let said =
                errors.trimmingWhitespace.isEmpty ? output.trimmingWhitespace : errors.trimmingWhitespace
            return said.isEmpty ? "it ended with status \(status)" : said
        }
    }

    /// What is read of each stream at most, in bytes.
    private static let outputLimit = 4 << 20

    /// Runs a program and waits for it; one that takes longer than `patience` is killed, with its
    /// whole process group. Its standard input is empty. What it prints goes to files in memory, so that
    /// nothing it leaves running in the background can hold up the answer.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String = "/",
        within patience: Duration
    ) async throws -> Result {
        let (output, errors) = (try MemoryFile(), try MemoryFile())
        let launch = ProcessLaunch(
            program: program, arguments: [program] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" }, directory: directory,
            output: .descriptor(output.descriptor), errors: .descriptor(errors.descriptor), searchesPath: true
        )
        let pid = try launch.start()
        let process = ProcessTable.identity(of: pid).flatMap(ProcessDescriptor.init)
        let inTime = if let process { await allEnded([process], within: patience) } else { true }
        // Unreaped as yet, so that the group's number is nobody else's.
        if !inTime { kill(-pid, SIGKILL) }
        let exit = ChildExit.reaping(pid)
        guard inTime else { throw HelperTimeout(program: program, patience: patience) }
        return Result(
            status: exit.status,
            output: output.text(limit: outputLimit), errors: errors.text(limit: outputLimit))
    }
}

struct HelperTimeout: Error, CustomStringConvertible {
    let program: String
    let patience: Duration
    var description: String { "\(program) did not end within \(patience)" }
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

    func text(limit: Int) -> String {
        var bytes = [UInt8](
            repeating: 0, count: Int(min(off_t(limit), max(0, lseek(descriptor, 0, SEEK_END)))))
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }
}
