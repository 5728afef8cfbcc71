import HubClient
import HubProtocol
import Processes
import RunnerStore

/// The identity of a runner. One with another hub, token, machine or set of headers is a different runner.
package struct RunnerIdentity: Equatable, Sendable {
    package let hubURL: String
    package let machineID: String
    /// nil without a token.
    package let tokenHash: String?
    /// nil without extra headers.
    package let extraHeadersHash: String?

    package init(_ configuration: Configuration, machineID: String) {
        self.machineID = machineID
        hubURL = configuration.hubURL
        tokenHash = configuration.hub.map { SHA256.hex(of: Array($0.token.trimmingWhitespace.utf8)) }
        extraHeadersHash = Self.hash(of: configuration.extraHeaders)
    }

    /// Hashes the bytes that JavaScript's `JSON.stringify` produces for the sorted pairs, because HAPI's
    /// session processes compute the same (hub contract §1.5).
    package static func hash(of headers: [String: String]) -> String? {
        guard !headers.isEmpty else { return nil }
        let pairs = headers.sorted { $0.key.utf16.lexicographicallyPrecedes($1.key.utf16) }
            .map { "[\(javaScriptString($0.key)),\(javaScriptString($0.value))]" }
        return SHA256.hex(of: Array("[\(pairs.joined(separator: ","))]".utf8))
    }

    /// A string literal as `JSON.stringify` writes it (ECMA-262, QuoteJSONString).
    package static func javaScriptString(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\u{8}": quoted += "\\b"
            case "\u{c}": quoted += "\\f"
            case "\n": quoted += "\\n"
            case "\r": quoted += "\\r"
            case "\t": quoted += "\\t"
            case "\u{0}"..<" ":
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
