import HubClient
import Processes

/// Validates the hub's token.
package enum Token {
    /// The token without surrounding white space, which a file or a shell may have added; nil if it is empty.
    /// Throws if a header cannot contain it; the error names `source` and never shows the token.
    package static func usable(_ text: String, from source: String) throws(ConfigurationError) -> String? {
        let token = text.trimmingWhitespace
        guard RequestLimits.isHeaderValue(token), !token.carriesBytes else {
            throw ConfigurationError(
                variable: source, problem: "contains a control character or bytes that are not text",
                needed: "a token that an HTTP header can carry")
        }
        return token.isEmpty ? nil : token
    }
}
