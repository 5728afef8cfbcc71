import Logging
import NIOPosix
import SocketIO
import Synchronization
import Testing

/// Suites that need a server, one at a time, because some of them measure time.
@Suite(.serialized) enum ServerTests {}

let token = "open sesame"

extension SocketIOConfiguration {
    /// A namespace of the test server, with the auth it requires.
    static func room(at url: String, trusting authorities: String? = nil) -> SocketIOConfiguration {
        SocketIOConfiguration(
            url: url, namespace: "/room", auth: #"{"token":"\#(token)"}"#, additionalTrustRoots: authorities)
    }

    /// One of the raw routes, which only know the root namespace.
    static func raw(_ server: ServerProcess, _ route: String) -> SocketIOConfiguration {
        SocketIOConfiguration(url: server.url("/\(route)/"), auth: nil)
    }
}

func connect<R: Sendable>(
    _ configuration: SocketIOConfiguration, logger: Logger = Logger(label: "test"),
    _ body: @Sendable (SocketIOConnection) async throws -> R
) async throws -> R {
    try await SocketIOClient.withConnection(
        configuration, on: MultiThreadedEventLoopGroup.singleton, logger: logger, body)
}

/// The error of an attempt to connect; nil if it succeeded.
func refusal(_ configuration: SocketIOConfiguration, logger: Logger = Logger(label: "test")) async throws
    -> SocketIOError?
{
    do {
        try await connect(configuration, logger: logger) { _ in }
        return nil
    } catch let error as SocketIOError {
        return error
    }
}

extension SocketIOConnection {
    func next(_ name: String) async -> SocketIOEvent? { await events.first { $0.name == name } }
}

/// Records every log message with its metadata, at all levels.
final class LogRecord: Sendable {
    private let lines = Mutex<[String]>([])

    var text: String { lines.withLock { $0.joined(separator: "\n") } }

    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

    private struct Handler: LogHandler {
        let record: LogRecord
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            record.lines.withLock { $0.append("\(event.message) \(event.metadata ?? [:])") }
        }
    }
}
