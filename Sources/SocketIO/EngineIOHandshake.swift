import FoundationEssentials

/// The parameters in the server's open packet.
struct EngineIOHandshake: Equatable, Sendable {
    let pingInterval: Duration
    let pingTimeout: Duration
    /// The largest message in bytes that the server accepts, if it says so.
    let maximumPayload: Int?

    /// How long the server may be silent before the connection counts as dead.
    var patience: Duration { pingInterval + pingTimeout }

    init(pingInterval: Duration, pingTimeout: Duration, maximumPayload: Int?) {
        self.pingInterval = pingInterval
        self.pingTimeout = pingTimeout
        self.maximumPayload = maximumPayload
    }

    init(decoding json: ArraySlice<UInt8>) throws(MalformedPacket) {
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(json))
        } catch {
            throw .invalidHandshake("missing or unreadable fields")
        }
        pingInterval = try Self.duration(milliseconds: wire.pingInterval)
        pingTimeout = try Self.duration(milliseconds: wire.pingTimeout)
        maximumPayload = try wire.maxPayload.map(Self.byteCount)
    }

    private struct Wire: Decodable {
        let pingInterval: Double
        let pingTimeout: Double
        let maxPayload: Double?
    }

    /// A day, far beyond any sensible value. Keeps the arithmetic on times from overflowing.
    private static let longest = 86_400_000.0

    private static func duration(milliseconds: Double) throws(MalformedPacket) -> Duration {
        guard milliseconds >= 1, milliseconds <= longest else {
            throw .invalidHandshake("a ping interval or timeout out of range")
        }
        return .milliseconds(Int(milliseconds))
    }

    private static func byteCount(_ value: Double) throws(MalformedPacket) -> Int {
        guard value >= 1 else { throw .invalidHandshake("a maximum payload out of range") }
        return Int(exactly: value.rounded(.down)) ?? .max
    }
}
