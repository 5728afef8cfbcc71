import Glibc
import NIOHTTP1
import Processes

/// Decides from a request's head whether to serve it: it must come from a program of this user or root, and
/// not from a web page.
enum ControlAdmission {
    /// In bytes.
    static let longestBody = 1 << 20

    /// Why the request is refused; nil if it is not.
    static func refusal(of head: HTTPRequestHead, from owner: ConnectionOwner?) -> ControlRefusal? {
        guard let owner else { return .init(.forbidden, "the connecting socket has no owner any more") }
        guard owner.isTrusted else {
            return .init(.forbidden, "the connecting process belongs to another user")
        }
        guard !head.headers.contains(name: "origin") else {
            return .init(.forbidden, "requests from web pages are refused")
        }
        guard isThisMachine(head.headers["host"]) else {
            return .init(.forbidden, "the Host must be 127.0.0.1 or localhost")
        }
        guard head.headers["content-type"].allSatisfy(isJSON) else {
            return .init(.unsupportedMediaType, "the body must be application/json")
        }
        guard head.method == .POST, ControlEndpoint(head) != nil else {
            return .init(.notFound, "there is no \(head.method) \(visible(head.uri))")
        }
        return contentLength(head) > longestBody ? tooLarge : nil
    }

    static let tooLarge = ControlRefusal(.payloadTooLarge, "the body is larger than 1 MiB")

    private static func isThisMachine(_ hosts: [String]) -> Bool {
        guard hosts.count == 1 else { return false }
        let parts = hosts[0].lowercased().split(
            separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        return ["127.0.0.1", "localhost"].contains(parts[0]) && (parts.count == 1 || UInt16(parts[1]) != nil)
    }

    private static func isJSON(_ type: String) -> Bool {
        let essence = type.split(separator: ";", omittingEmptySubsequences: false)[0]
        return String(essence).trimmingWhitespace.lowercased() == "application/json"
    }

    /// The parser guarantees that it is a number. One that overflows counts as too large.
    private static func contentLength(_ head: HTTPRequestHead) -> Int {
        head.headers.first(name: "content-length").map { Int($0) ?? .max } ?? 0
    }

    private static func visible(_ uri: String) -> String { String(uri.unicodeScalars.prefix(100).map(shown)) }

    private static func shown(_ scalar: Unicode.Scalar) -> Character {
        scalar.value < 0x20 || scalar.value == 0x7f ? "?" : Character(scalar)
    }
}

extension ConnectionOwner {
    /// Whether it is this user, or root.
    var isTrusted: Bool { userID == getuid() || userID == 0 }
}
