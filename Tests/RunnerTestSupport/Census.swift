import CProcess
import FoundationEssentials
import Glibc
import Home
import Monitor
import Processes
import Runner
import RunnerStore

/// The live processes of one home at one moment. Zombies count as dead.
///
/// A process belongs to a home if its environment names it as `HAPI_HOME`; a monitor, whose environment is
/// empty, if it has the home's store open.
struct Census {
    struct Member: CustomStringConvertible {
        let process: ProcessStatus
        let arguments: [String]

        var isMonitor: Bool { arguments.dropFirst().first == Monitor.argument }
        var isRunner: Bool { arguments.contains("runner") && arguments.contains("start-sync") }
        var description: String { "\(process.identity.pid) \(arguments.joined(separator: " "))" }
    }

    let members: [Member]
    private let parents: [pid_t: pid_t]

    init(_ home: TestHome) {
        let all = ProcessTable.all()
        parents = Dictionary(
            all.map { ($0.identity.pid, $0.parent) }, uniquingKeysWith: { first, _ in first })
        members = all.filter { !$0.isZombie && $0.identity.pid != getpid() }
            .map { Member(process: $0, arguments: ProcessTable.arguments(of: $0.identity.pid)) }
            .filter { Self.belongs($0, to: home) }
    }

    private static func belongs(_ member: Member, to home: TestHome) -> Bool {
        let pid = member.process.identity.pid
        guard member.isMonitor else {
            return ProcessTable.environmentValue("HAPI_HOME", of: pid) == home.path
        }
        let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd")) ?? []
        return descriptors.contains {
            linkTarget("/proc/\(pid)/fd/\($0)")?.hasPrefix(home.path + "/") == true
        }
    }

    /// Members that are neither runners nor monitors, and not descendants of `recorded`, of a monitor or of
    /// the tests.
    func strays(besides recorded: [pid_t]) -> [pid_t] {
        let known = Set(recorded + members.filter(\.isMonitor).map(\.process.identity.pid) + [getpid()])
        return members.filter { !$0.isMonitor && !$0.isRunner }.map(\.process.identity.pid)
            .filter { known.isDisjoint(with: lineage(of: $0)) }
    }

    var runners: [pid_t] { members.filter(\.isRunner).map(\.process.identity.pid) }

    private func lineage(of pid: pid_t) -> [pid_t] {
        var line = [pid]
        while let parent = parents[line[line.count - 1]], parent > 1, !line.contains(parent) {
            line.append(parent)
        }
        return line
    }

    func kill(sparingMonitors: Bool) {
        for member in members where !(sparingMonitors && member.isMonitor) {
            killVerified(member.process.identity)
        }
    }
}

/// Kills exactly this process: the pidfd is opened before its identity is compared.
@discardableResult
package func killVerified(_ process: ProcessIdentity, _ signal: CInt = SIGKILL) -> Bool {
    let descriptor = cprocess_pidfd_open(process.pid)
    guard descriptor >= 0 else { return false }
    defer { close(descriptor) }
    guard ProcessTable.identity(of: process.pid) == process else { return false }
    return cprocess_pidfd_send_signal(descriptor, signal) == 0
}

/// Whether a process exists and has not ended.
package func isAlive(_ pid: pid_t) -> Bool { ProcessTable.status(of: pid).map { !$0.isZombie } ?? false }

/// Whether the pid still belongs to this process, and it has not ended.
package func isAlive(_ process: ProcessIdentity) -> Bool {
    ProcessTable.status(of: process.pid).map { $0.identity == process && !$0.isZombie } ?? false
}

/// Whether a process is suspended by SIGSTOP.
package func isSuspended(_ process: ProcessIdentity) -> Bool {
    let line = processFile(process.pid, "stat")
    return line.lastIndex(of: ")").flatMap { line[$0...].dropFirst(2).first } == "T"
}
