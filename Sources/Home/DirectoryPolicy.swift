import HubClient
import Processes
import RunnerStore

/// What to do with a request for a missing directory that doesn't say itself whether to create it.
package enum DirectoryPolicy: String, CaseIterable, Sendable {
    /// Create it: HAPI's default.
    case allow
    /// Ask for approval first.
    case ask
    case deny
}
