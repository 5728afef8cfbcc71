import AsyncHTTPClient
import HubProtocol
import NIOCore
import NIOHTTP1

/// A plain client for the control server.
package struct ControlPort: Sendable {
    package struct Answer: Sendable, CustomStringConvertible {
        package let status: Int
        /// null if the answer is not JSON.
        package let body: JSONValue

        package var description: String { "\(status) \((try? JSON.text(body)) ?? "")" }
    }

    package let port: Int

    package func post(_ path: String, _ body: JSONValue = [:]) async throws -> Answer {
        try await send(path, try JSON.encode(body))
    }

    /// Sends a request on a new connection. `headers` replace the default headers of the same names.
    package func send(
        _ path: String, _ body: [UInt8] = [], method: String = "POST", headers: [String: String] = [:]
    ) async throws -> Answer {
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/\(path)")
        request.method = HTTPMethod(rawValue: method)
        request.headers.add(name: "Content-Type", value: "application/json")
        request.headers.add(name: "Connection", value: "close")
        for (name, value) in headers { request.headers.replaceOrAdd(name: name, value: value) }
        if !body.isEmpty { request.body = .bytes(ByteBuffer(bytes: body)) }
        let response = try await WebClient.shared.execute(request, timeout: .seconds(40))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        let json = try? JSON.decode(JSONValue.self, from: bytes.readableBytesView)
        return Answer(status: Int(response.status.code), body: json ?? .null)
    }
}
