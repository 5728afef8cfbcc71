import Dispatch
import FoundationEssentials
import Glibc
import Synchronization

/// The test server as a child process, with its standard input held open: it ends with the tests at the latest.
final class ServerProcess: Sendable {
    let port: Int
    /// The PEM file of the authority that signed its certificate, if it speaks TLS.
    let authorities: String?

    private let pid: pid_t
    private let input: CInt

    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Runs `body` with a server that listens, and ends it on every way out.
    static func with<R: Sendable>(
        _ arguments: [String] = [], _ body: (ServerProcess) async throws -> R
    ) async throws -> R {
        let server = try await ServerProcess(arguments)
        let result: Result<R, any Error>
        do {
            result = .success(try await body(server))
        } catch {
            result = .failure(error)
        }
        try await server.end()
        return try result.get()
    }

    func url(_ path: String = "") -> String { "http://127.0.0.1:\(port)\(path)" }

    func signal(_ signal: CInt) { kill(pid, signal) }

    // MARK: Start

    private init(_ arguments: [String]) async throws {
        let script = Self.root + "/Tests/SocketIOTests/Server/socketio_server.py"
        let (pid, input, output) = try Self.spawn([Self.python, script] + arguments)
        defer { close(output) }
        self.pid = pid
        self.input = input
        let line = await Self.firstLine(of: output)
        guard let greeting = try? JSONDecoder().decode(Greeting.self, from: Data(line.utf8)) else {
            kill(pid, SIGKILL)
            waitpid(pid, nil, 0)
            close(input)
            throw Failure(description: "\(Self.python) \(script) did not start; it said: \(line)")
        }
        port = greeting.port
        authorities = greeting.authorities
    }

    private struct Greeting: Decodable {
        let port: Int
        let authorities: String?
    }

    private static var root: String {
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
    }

    private static var python: String {
        getenv("HAPI_TEST_PYTHON").map { String(cString: $0) } ?? root + "/.venv/bin/python3"
    }

    /// Two servers started at once must not inherit each other's pipes, or closing the input would not end them.
    private static let spawning = Mutex(())

    private static func spawn(_ command: [String]) throws -> (pid_t, input: CInt, output: CInt) {
        try spawning.withLock { _ in
            let input = try pipe()
            let output = try pipe()
            defer {
                close(input.read)
                close(output.write)
            }
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_adddup2(&actions, input.read, 0)
            posix_spawn_file_actions_adddup2(&actions, output.write, 1)
            let arguments = command.map { strdup($0) } + [nil]
            let environment = [strdup("PATH=/usr/local/bin:/usr/bin:/bin"), nil]
            defer { for text in arguments + environment { free(text) } }
            var pid = pid_t()
            let code = posix_spawn(&pid, command[0], &actions, nil, arguments, environment)
            guard code == 0 else {
                close(input.write)
                close(output.read)
                throw Failure(description: "cannot start \(command[0]): \(String(cString: strerror(code)))")
            }
            return (pid, input.write, output.read)
        }
    }

    private static func pipe() throws -> (read: CInt, write: CInt) {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw Failure(description: "no pipe") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }

    /// Reads on a thread of Dispatch, as the tests' own must not block.
    private static func firstLine(of descriptor: CInt) async -> String {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                var line: [UInt8] = []
                var byte: UInt8 = 0
                while read(descriptor, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
                continuation.resume(returning: String(decoding: line, as: UTF8.self))
            }
        }
    }

    // MARK: End

    /// By the end of its input, so that it cleans up; by force if it is stopped or stuck.
    private func end() async throws {
        close(input)
        let deadline = ContinuousClock.now + .seconds(3)
        while ContinuousClock.now < deadline {
            if waitpid(pid, nil, WNOHANG) == pid { return }
            try? await Task.sleep(for: .milliseconds(10))
        }
        kill(pid, SIGKILL)
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [pid] in
                waitpid(pid, nil, 0)
                continuation.resume()
            }
        }
    }
}
