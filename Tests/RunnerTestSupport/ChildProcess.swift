import CProcess
import Glibc
import Processes
import Synchronization
import Testing

/// A process started by a test. Its output goes to memory, and no thread blocks until it ends.
///
/// It is killed and reaped with this object at the latest.
package final class ChildProcess: Sendable {
    package enum Input: Sendable {
        case null
        /// A pipe that stays open until ``closeInput()``, or until the tests end.
        case held
    }

    package let pid: pid_t
    package let command: [String]
    private let outputFile: CInt
    private let errorFile: CInt
    private let state: Mutex<State>

    private struct State {
        var input: CInt?
        /// nil until it is reaped; until then its pid cannot be reused.
        var status: Int32?
    }

    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    /// - Parameter command: an absolute path and arguments. Only what is named here is inherited.
    package init(
        _ command: [String], environment: [String: String] = [:], directory: String = "/",
        input: Input = .null
    ) throws {
        self.command = command
        outputFile = cprocess_memory_file("output")
        errorFile = cprocess_memory_file("errors")
        let ends: (read: CInt, write: CInt?) =
            try input == .held ? Self.pipe() : (open("/dev/null", O_RDONLY | O_CLOEXEC), nil)
        defer { close(ends.read) }
        let streams = [ends.read, outputFile, errorFile]
        do {
            pid = try Self.spawn(command, environment, directory, streams)
        } catch {
            for descriptor in [outputFile, errorFile] + (ends.write.map { [$0] } ?? []) { close(descriptor) }
            throw error
        }
        state = Mutex(State(input: ends.write))
    }

    deinit {
        closeInput()
        if status == nil {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
        }
        close(outputFile)
        close(errorFile)
    }

    /// Its standard output so far.
    package var output: String { Self.text(of: outputFile) }
    /// Its standard error so far.
    package var errors: String { Self.text(of: errorFile) }

    /// Its exit status, or 128 plus the number of a signal; nil while it is running.
    package var status: Int32? {
        state.withLock { state in
            var word: Int32 = 0
            if state.status == nil, waitpid(pid, &word, WNOHANG) == pid {
                state.status = word & 0x7f == 0 ? (word >> 8) & 0xff : 128 + (word & 0x7f)
            }
            return state.status
        }
    }

    package func signal(_ signal: CInt) {
        state.withLock { state in
            if state.status == nil { kill(pid, signal) }
        }
    }

    package func closeInput() {
        state.withLock { state in
            if let input = state.input { close(input) }
            state.input = nil
        }
    }

    /// Waits until it ends and returns its status.
    @discardableResult
    package func ended(
        within patience: Duration = .seconds(30), _ location: SourceLocation = #_sourceLocation
    ) async throws -> Int32 {
        try await eventually("the end of \(command.joined(separator: " "))", within: patience, location) {
            status
        }
    }

    /// Waits for the first line of its standard output. Throws if it ends before.
    package func firstLine(_ location: SourceLocation = #_sourceLocation) async throws -> String {
        try await eventually(
            "the first line of \(command.joined(separator: " "))", within: .seconds(20), location
        ) {
            if let line = output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().first {
                return String(line)
            }
            if let status { throw Failure(description: "\(command[0]) ended with \(status): \(errors)") }
            return nil
        }
    }

    // MARK: System calls

    private static func spawn(
        _ command: [String], _ environment: [String: String], _ directory: String, _ streams: [CInt]
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (number, stream) in streams.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, stream, CInt(number))
        }
        _ = directory.withSystemText { cprocess_spawn_chdir(&actions, $0) }
        _ = cprocess_spawn_close_from(&actions, 3)
        let arguments = command.map { $0.withSystemText { strdup($0) } } + [nil]
        let variables = environment.map { "\($0.key)=\($0.value)".withSystemText { strdup($0) } } + [nil]
        defer { for text in arguments + variables { free(text) } }
        var attributes = freshSignals()
        defer { posix_spawnattr_destroy(&attributes) }
        var pid = pid_t()
        let code = posix_spawn(&pid, command[0], &actions, &attributes, arguments, variables)
        guard code == 0 else {
            throw Failure(description: "cannot start \(command[0]): \(String(cString: strerror(code)))")
        }
        return pid
    }

    /// Test threads block signals; their child processes must not.
    private static func freshSignals() -> posix_spawnattr_t {
        var attributes = posix_spawnattr_t()
        var (none, all) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))
        return attributes
    }

    private static func pipe() throws -> (read: CInt, write: CInt?) {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    private static func text(of file: CInt) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(file, &buffer, buffer.count, off_t(bytes.count))
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer.prefix(count)
        }
    }
}
