import HubClient
import Processes

/// The hub's token, as it is stated somewhere.
package enum Token {
    /// The token without the white space around it, which a file or a shell may have added; nil if nothing is
    /// left. Throws for one that no header can carry; `source` names it, and the token is never shown.
    package static func usable(_ text: String, from source: String) throws(ConfigurationError) -> String? {
        let token = text.trimmingWhitespace
        guard RequestLimits.isHeaderValue(token), !token.carriesBytes else {
            throw ConfigurationError(
                variable: source, problem: "holds a control character, or bytes that are no text",
                needed: "a token that an HTTP header can carry")
        }
        return token.isEmpty ? nil : token
    }
}
