import HubClient
import Processes
import RunnerStore

extension ProcessTable {
    /// The runner of a home that was removed: it still holds the locked directory open, which the kernel then
    /// calls `NAME (deleted)`.
    static func runnerOfRemovedHome(_ home: RunnerHome) -> ProcessIdentity? {
        let name = "\(resolvedPath(home.path)) (deleted)"
        return processIDs().first { pid in
            isRunner(pid)
                && entries(of: "/proc/\(pid)/fd").contains {
                    linkTarget("/proc/\(pid)/fd/\($0)").map { isSamePath($0, name) } == true
                }
        }.flatMap(identity)
    }

    /// Whether the process is a runner that may serve `home`, that is, whose environment names no other home.
    package static func isRunner(_ pid: Int32, of home: RunnerHome) -> Bool {
        guard isRunner(pid) else { return false }
        guard let own = environmentValue(.hapiHome, of: pid),
            let other = try? RunnerHome(
                environment: [
                    Variable.hapiHome.rawValue: own,
                    Variable.home.rawValue: environmentValue(.home, of: pid) ?? "",
                ])
        else { return true }
        return isSamePath(resolvedPath(other.path), resolvedPath(home.path))
    }
}
