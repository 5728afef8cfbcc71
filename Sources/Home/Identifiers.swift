import FoundationEssentials
import HubClient
import Processes
import RunnerStore

/// A new UUID, in lower case as HAPI writes them.
package func newID() -> String { UUID().uuidString.lowercased() }
