import Glibc
import HubProtocol

/// What a hub says of itself to anybody (`GET /health`, hub contract §3), and how it is reached.
package struct HubHealth: Equatable, Sendable {
    /// nil for one that does not tell.
    package let protocolVersion: Int?
    /// The hub's clock when it answered, in seconds since 1970; nil where it does not tell.
    package let time: Int64?
    /// The proxy in between, if there is one.
    package let proxy: String?

    package init(protocolVersion: Int?, time: Int64?, proxy: String?) {
        (self.protocolVersion, self.time, self.proxy) = (protocolVersion, time, proxy)
    }

    /// The generation of the protocol that this program speaks.
    package static let ownProtocolVersion = 1

    struct Body: Decodable {
        let status: String
        let protocolVersion: Int?
    }

    /// Reads an HTTP date in the form that servers must send, RFC 9110 §5.6.7; nil for any other.
    static func time(_ date: String) -> Int64? {
        let words = date.split(separator: " ")
        guard words.count == 6, words[5] == "GMT", let day = Int32(words[1]), let year = Int32(words[3]),
            let month = months.firstIndex(of: String(words[2]))
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3, (1970...9999).contains(year) else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        return Int64(timegm(&parts))
    }

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
}
