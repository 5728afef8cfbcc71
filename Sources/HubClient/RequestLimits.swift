import SocketIO

/// Validates server URLs and headers.
package enum RequestLimits {
    /// Why a URL cannot be a server's; nil if it can.
    package static func problem(with url: String) -> String? { Endpoint.problem(with: url) }

    /// The part of a URL that may be shown.
    package static func withoutSecrets(_ url: String) -> String { Endpoint.withoutSecrets(url) }

    package static func isHeaderName(_ name: String) -> Bool { HeaderField.isName(name) }

    package static func isHeaderValue(_ value: String) -> Bool { HeaderField.isValue(value) }
}
