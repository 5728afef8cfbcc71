import Glibc
import HubClient
import Processes
import RunnerStore

/// This process's environment, as it was when it was first asked for, without what one image of the
/// runner leaves to the next.
package let processEnvironment: [String: String] = {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
        let parts = String(cString: text).split(
            separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 && parts[0] != Inheritance.variable {
            variables[String(parts[0])] = String(parts[1])
        }
        entry += 1
    }
    return variables
}()
