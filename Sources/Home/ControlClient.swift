import AsyncHTTPClient
import HubClient
import HubProtocol
import NIOCore
import Processes
import RunnerStore

/// The commands' client for a runner's control server.
package struct ControlClient: Sendable {
    private let port: Int
    private let timeout: Duration

    package init(port: Int, timeout: Duration) {
        self.port = port
        self.timeout = timeout
    }

    /// Whether a control server answers on the port.
    package func answers() async -> Bool { (try? await post("list", [String: String]())) != nil }

    /// - Parameter replacing: whether another runner is about to start.
    package func stopRunner(replacing: Bool) async throws {
        _ = try await post(
            "stop", ControlMessages.Stop(reason: replacing ? RunnerEndReason.replaced.rawValue : nil))
    }

    /// The sessions that the runner lists, ours or HAPI's own.
    package func sessions() async throws -> [ControlMessages.SessionList.Child] {
        let answer = try await post("list", [String: String]())
        return try JSON.decode(ControlMessages.SessionList.self, from: answer.body).children
    }

    package func stopSession(_ id: String) async throws -> StopAnswer {
        // A stop takes longer than other requests, but is always answered within 15 s.
        let answer = try await post(
            "stop-session", ControlMessages.StopSession(sessionId: id), atLeast: .seconds(20))
        let message = try JSON.decode(ControlMessages.StopSessionAnswer.self, from: answer.body)
        return StopAnswer(rawValue: message.status) ?? .stillAlive
    }

    package func spawn(_ parameters: SpawnParameters, requestID: String?) async throws -> SpawnAnswer {
        let body = ControlMessages.SpawnSession(requestId: requestID, parameters: parameters)
        // No overall timeout: the runner limits every step of a spawn, and a checkout may take long.
        let answer = try await HTTPClient.withHTTPClient(
            configuration: .init(timeout: .init(connect: .seconds(10)))
        ) { client in
            try await post("spawn-session", body, by: client, deadline: .distantFuture)
        }
        let message = try JSON.decode(ControlMessages.SpawnAnswerBody.self, from: answer.body)
        if message.success, let id = message.sessionId { return .started(happySessionID: id) }
        if message.requiresUserApproval == true {
            return .needsApproval(directory: message.directory ?? parameters.directory)
        }
        return .failed(message.error ?? "the runner answered \(answer.status)")
    }

    /// Reports a session to the runner. Throws a refusal with the runner's reason.
    package func reportSession(_ id: String, metadata: some Encodable) async throws {
        let answer = try await post("session-started", Report(sessionId: id, metadata: metadata))
        guard answer.status == 200 else { throw ControlError(port: port, reason: answer.words) }
    }

    private func post(
        _ path: String, _ body: some Encodable, atLeast: Duration = .zero
    ) async throws -> ControlAnswer {
        let patience = max(timeout, atLeast)
        return try await post(
            path, body, by: .shared, deadline: .now() + TimeAmount(patience), patience)
    }

    private func post(
        _ path: String, _ body: some Encodable, by client: HTTPClient, deadline: NIODeadline,
        _ patience: Duration? = nil
    ) async throws -> ControlAnswer {
        // The port comes from a file that anything may have written, and HTTPClient would trap on an invalid
        // one.
        guard (1...65535).contains(port) else {
            throw ControlError(port: port, reason: "this is not a valid port")
        }
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/\(path)")
        request.method = .POST
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(
            name: "User-Agent", value: "\(ControlMessages.commandAgent)/\(ProgramFile.version)")
        request.body = .bytes(ByteBuffer(bytes: try JSON.encode(body)))
        do {
            let response = try await client.execute(request, deadline: deadline)
            let bytes = try await response.body.collect(upTo: 1 << 20)
            return ControlAnswer(status: Int(response.status.code), body: Array(bytes.readableBytesView))
        } catch {
            throw ControlError(port: port, reason: Self.words(for: error, patience))
        }
    }

    /// Describes an error for users; the library's own descriptions are for developers.
    private static func words(for error: any Error, _ patience: Duration?) -> String {
        switch error as? HTTPClientError {
        case .deadlineExceeded, .readTimeout, .connectTimeout:
            patience.map { "no answer within \($0)" } ?? "it has not answered in time"
        case .remoteConnectionClosed: "it closed the connection before it answered; it may have been stopped"
        case .cancelled: "interrupted"
        default:
            (error as? IOError).map { "the connection failed (\(errorText($0.errnoCode)))" }
                ?? (error is NIOTooManyBytesError ? "its answer is too large" : "it accepts no connections")
        }
    }
}

private struct Report<Metadata: Encodable>: Encodable {
    let sessionId: String
    let metadata: Metadata
}

private struct ControlAnswer {
    let status: Int
    let body: [UInt8]

    var words: String {
        (try? JSON.decode(ControlMessages.Failure.self, from: body).error) ?? "status \(status)"
    }
}

package struct ControlError: Error, CustomStringConvertible {
    package let port: Int
    package let reason: String
    package var description: String { "cannot talk to the runner at 127.0.0.1:\(port): \(reason)" }
}
