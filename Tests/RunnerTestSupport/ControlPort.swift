import AsyncHTTPClient
import HubProtocol
import NIOCore
import NIOHTTP1

/// The control server, as any program on this machine may speak to it.
public struct ControlPort: Sendable {
    public struct Answer: Sendable, CustomStringConvertible {
        public let status: Int
        /// null where the answer is not JSON.
        public let body: JSONValue

        public var description: String { "\(status) \((try? JSON.text(body)) ?? "")" }
    }

    public let port: Int

    public func post(_ path: String, _ body: JSONValue = [:]) async throws -> Answer {
        try await send(path, try JSON.encode(body))
    }

    /// Sends whatever is asked for. A header of `headers` takes the place of the usual one.
    public func send(
        _ path: String, _ body: [UInt8] = [], method: String = "POST", headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/\(path)")
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Content-Type", value: "application/json")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await WebClient.shared.execute(request, timeout: .seconds(40))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        let json = try? JSON.decode(JSONValue.self, from: bytes.readableBytesView)
        return Answer(status: Int(response.status.code), body: json ?? .null)
    }
}
