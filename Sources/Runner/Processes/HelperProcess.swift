import Dispatch
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
    /// whole process group. Its standard input is empty.
    static func run(
        _ program: String, _ arguments: [String], environment: [String: String], directory: String = "/",
        within patience: Duration
    ) async throws -> Result {
        let output = try Pipe()
        let errors = try Pipe()
        let launch = ProcessLaunch(
            program: program, arguments: [program] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" }, directory: directory,
            output: .descriptor(output.writing), errors: .descriptor(errors.writing), searchesPath: true)
        let pid = try launch.start()
        output.closeWriting()
        errors.closeWriting()
        let process = ProcessTable.identity(of: pid).flatMap(ProcessDescriptor.init)
        async let said = output.readToEnd(limit: outputLimit)
        async let complained = errors.readToEnd(limit: outputLimit)
        let inTime = if let process { await allEnded([process], within: patience) } else { true }
        if !inTime { kill(-pid, SIGKILL) }
        await process?.ended()
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        // What it left running may hold the streams open: only a dead group is sure to let go.
        if !inTime || Task.isCancelled { kill(-pid, SIGKILL) }
        let result = await Result(
            status: status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + status & 0x7f, output: said,
            errors: complained)
        guard inTime else { throw HelperTimeout(program: program, patience: patience) }
        return result
    }
}

struct HelperTimeout: Error, CustomStringConvertible {
    let program: String
    let patience: Duration
    var description: String { "\(program) did not end within \(patience)" }
}

/// A pipe whose reading end stays here.
private final class Pipe: Sendable {
    private let reading: Int32
    let writing: Int32

    init() throws(FileError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw FileError(action: "create", path: "a pipe", code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        _ = fcntl(ends[0], F_SETFL, O_NONBLOCK)
        reading = ends[0]
        writing = ends[1]
    }

    deinit { close(reading) }

    func closeWriting() { close(writing) }

    /// Reads until the end; what is beyond the limit is read and dropped.
    func readToEnd(limit: Int) async -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16384)
        while !Task.isCancelled {
            await waitUntilReadable(reading)
            let count = read(reading, &buffer, buffer.count)
            if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { break }
            bytes.append(contentsOf: buffer.prefix(max(0, min(count, limit - bytes.count))))
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
