import HubClient
import Processes
import RunnerStore

extension ProcessTable {
    /// Whether the process is a runner that may serve `home`: not one that has another by its own word.
    package static func isRunner(_ pid: Int32, of home: RunnerHome) -> Bool {
        guard isRunner(pid) else { return false }
        guard let own = environmentValue("HAPI_HOME", of: pid),
            let other = try? RunnerHome(
                environment: ["HAPI_HOME": own, "HOME": environmentValue("HOME", of: pid) ?? ""])
        else { return true }
        return resolvedPath(other.path) == resolvedPath(home.path)
    }
}
