import SocketIO

/// What can be asked of a server at all: which addresses can be one's, and what a request can carry.
package enum RequestLimits {
    /// Why a URL cannot be a server's; nil if it can.
    package static func problem(with url: String) -> String? { Endpoint.problem(with: url) }

    /// As much of a URL as may be shown.
    package static func withoutSecrets(_ url: String) -> String { Endpoint.withoutSecrets(url) }

    package static func isHeaderName(_ name: String) -> Bool { HeaderField.isName(name) }

    package static func isHeaderValue(_ value: String) -> Bool { HeaderField.isValue(value) }
}
