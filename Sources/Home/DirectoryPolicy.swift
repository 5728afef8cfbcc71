import HubClient
import Processes
import RunnerStore

/// What happens to a request for a directory that is missing, where the request itself says nothing.
package enum DirectoryPolicy: String, CaseIterable, Sendable {
    /// It is created: HAPI's default.
    case allow
    /// Someone has to approve it first.
    case ask
    case deny
}
