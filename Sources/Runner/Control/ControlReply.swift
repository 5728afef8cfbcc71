import HubProtocol
import NIOCore
import NIOHTTP1
import RunnerStore

/// An answer of the control server.
struct ControlReply: Sendable {
    let status: HTTPResponseStatus
    let body: [UInt8]

    static func json(_ value: some Encodable, _ status: HTTPResponseStatus = .ok) throws -> ControlReply {
        ControlReply(status: status, body: try JSON.encode(value))
    }

    static func failure(_ status: HTTPResponseStatus, _ message: String) -> ControlReply {
        var body = Array(#"{"error":"#.utf8)
        body.append(json: message)
        body.append(UInt8(ascii: "}"))
        return ControlReply(status: status, body: body)
    }

    /// Written as bytes: `JSONEncoder` takes ten times as long for a list of a thousand.
    static func list(_ sessions: [ReportedSession]) -> ControlReply {
        var body = Array(#"{"children":["#.utf8)
        body.reserveCapacity(128 * sessions.count + 16)
        var separator = ""
        for session in sessions {
            body.append(contentsOf: separator.utf8)
            body.append(contentsOf: #"{"happySessionId":"#.utf8)
            body.append(json: session.happySessionID)
            body.append(contentsOf: #","pid":\#(session.pid),"startedBy":"#.utf8)
            body.append(json: session.origin.wireName)
            body.append(UInt8(ascii: "}"))
            separator = ","
        }
        body.append(contentsOf: "]}".utf8)
        return ControlReply(status: .ok, body: body)
    }

    /// - Parameters:
    ///   - keepsOpen: whether the connection stays open for another request.
    ///   - isBodyLess: true for the answer to a HEAD request.
    func encoded(keepsOpen: Bool, isBodyLess: Bool) -> ByteBuffer {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(160 + body.count)
        bytes.writeString(
            "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\nContent-Type: application/json\r\n"
                + "Content-Length: \(body.count)\r\nConnection: \(keepsOpen ? "keep-alive" : "close")\r\n\r\n"
        )
        if !isBodyLess { bytes.writeBytes(body) }
        return bytes
    }
}

/// Refuses a request with a status and a reason.
struct ControlRefusal: Error {
    let status: HTTPResponseStatus
    let message: String

    init(_ status: HTTPResponseStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var reply: ControlReply { .failure(status, message) }
}

extension [UInt8] {
    /// Appends a JSON string.
    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        var text = text
        text.withUTF8 { utf8 in
            // Nearly every text goes as it is.
            guard !utf8.allSatisfy(Self.isPlain) else { return append(contentsOf: utf8) }
            for byte in utf8 {
                switch byte {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"): append(contentsOf: [UInt8(ascii: "\\"), byte])
                case 0..<0x20: append(contentsOf: Self.escape(byte))
                default: append(byte)
                }
            }
        }
        append(UInt8(ascii: "\""))
    }

    private static func isPlain(_ byte: UInt8) -> Bool { byte >= 0x20 && byte != 0x22 && byte != 0x5C }

    private static func escape(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        return Array(#"\u00"#.utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
}

extension SessionOrigin {
    /// Who started a session, in HAPI's words.
    package var wireName: String {
        switch self {
        case .runner: "runner"
        case .terminal: "hapi directly - likely by user from terminal"
        }
    }
}
