import HubProtocol
import Monitor

/// The requested limits of a session, parsed from `SpawnParameters`.
package struct SessionLimits: Equatable, Sendable {
    /// In bytes.
    package let memory: Int64?
    /// In hundredths of a processor.
    package let processors: Int64?
    package let seconds: Int64?

    package init(memory: String?, cpus: Double?, timeout: String?) throws(LimitRefusal) {
        self.memory = try memory.map(Self.bytes)
        processors = try cpus.map(Self.hundredths)
        seconds = try timeout.map(Self.seconds)
    }

    init(_ parameters: SpawnParameters) throws(LimitRefusal) {
        try self.init(memory: parameters.memory, cpus: parameters.cpus, timeout: parameters.timeout)
    }

    package var needsCgroup: Bool { memory != nil || processors != nil }

    /// In bytes. No agent starts with less, so that a smaller value is most likely a typing error.
    private static let leastMemory: Int64 = 16 << 20

    private static let sizeUnits: [String: Int64] = ["K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40]
    private static let timeUnits: [String: Int64] = [
        "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604_800,
    ]

    private static func bytes(_ text: String) throws(LimitRefusal) -> Int64 {
        let (digits, unit) = parts(text)
        guard let count = Int64(digits), count < 1_000_000, let factor = sizeUnits[unit.uppercased()] else {
            throw LimitRefusal(
                description: "'\(text.prefix(60))' is not a size of memory; use for example 512M or 8G")
        }
        guard count * factor >= leastMemory else {
            throw LimitRefusal(description: "\(text) is too little memory for an agent; the least is 16M")
        }
        return count * factor
    }

    private static func hundredths(_ cpus: Double) throws(LimitRefusal) -> Int64 {
        guard cpus >= 0.01, cpus <= 10_000 else {
            throw LimitRefusal(description: "\(cpus) is not a number of processors; use for example 0.5 or 2")
        }
        return Int64((cpus * 100).rounded())
    }

    private static func seconds(_ text: String) throws(LimitRefusal) -> Int64 {
        let (digits, unit) = parts(text)
        guard let count = Int64(digits), count > 0, count < 100_000, let factor = timeUnits[unit] else {
            throw LimitRefusal(
                description: "'\(text.prefix(60))' is not a length of time; use for example 30min or 4h")
        }
        return count * factor
    }

    private static func parts(_ text: String) -> (digits: Substring, unit: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (digits, String(text.dropFirst(digits.count)))
    }
}

/// Why a limit cannot be applied.
package struct LimitRefusal: Error, Equatable, CustomStringConvertible {
    package let description: String
    let reason: String

    init(description: String, reason: String? = nil) {
        self.description = description
        self.reason = reason ?? description
    }
}
