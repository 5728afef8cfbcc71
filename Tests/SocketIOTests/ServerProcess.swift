import FoundationEssentials
import Glibc
import RunnerTestSupport
import Testing

/// The test server as a child process. It ends with its standard input, so with the tests at the latest.
final class ServerProcess: Sendable {
    let port: Int
    /// The PEM file of the authority that signed its certificate, if it uses TLS.
    let authorities: String?

    private let process: ChildProcess

    /// Runs `body` with a listening server, and ends the server on every way out.
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
        await server.end()
        return try result.get()
    }

    func url(_ path: String = "") -> String { "http://127.0.0.1:\(port)\(path)" }

    func signal(_ signal: CInt) { process.signal(signal) }

    private init(_ arguments: [String]) async throws {
        let script = Paths.root + "/Tests/SocketIOTests/Server/socketio_server.py"
        let process = try ChildProcess(
            [Paths.python, script] + arguments, environment: ["PATH": Paths.searchPath], input: .held)
        let line = try await process.firstLine()
        let greeting = try JSONDecoder().decode(Greeting.self, from: Data(line.utf8))
        port = greeting.port
        authorities = greeting.authorities
        self.process = process
    }

    private struct Greeting: Decodable {
        let port: Int
        let authorities: String?
    }

    /// Ends it by closing its input, so that it cleans up; kills it if it hangs.
    private func end() async {
        process.closeInput()
        _ = try? await process.ended(within: .seconds(3))
    }
}
