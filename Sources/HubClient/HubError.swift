/// Why a call to the hub failed.
package struct HubError: Error, CustomStringConvertible {
    package enum Cause: Equatable, Sendable {
        /// The hub refuses: the token or the namespace is wrong.
        case refused
        /// The hub is unreachable, or cannot answer now.
        case unavailable
        /// The hub accepts the token, but does not have the requested resource.
        case notFound
        /// The answer is not what the contract says.
        case unexpected
        /// The server has no certificate that proves it is the hub.
        case untrusted
    }

    package let cause: Cause
    package let action: String
    package let url: String
    package let reason: String
    /// What the user can do.
    package var hint: String?

    package var description: String {
        "cannot \(action) at \(url): \(reason)"
            + (cause == .untrusted ? Hub.certificateHint : "")
    }
}

/// The file of additional certificates cannot be used.
package struct TrustRootsError: Error, CustomStringConvertible {
    package let path: String
    package var description: String {
        "NODE_EXTRA_CA_CERTS is '\(path)': a readable file of PEM certificates is needed"
    }
}
