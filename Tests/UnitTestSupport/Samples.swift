import Processes
import RunnerStore

extension HostIdentity {
    /// This machine before its last reboot.
    package static let beforeRestart = HostIdentity(
        machine: HostIdentity.current.machine, bootID: "an earlier boot", pidNamespace: 1)
    package static let elsewhere = HostIdentity(
        machine: "another machine", bootID: "another boot", pidNamespace: 1)
}

extension Timestamp: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int64) { self.init(milliseconds: value) }
}

extension ProcessIdentity {
    /// A made-up process whose start time equals its pid.
    package static func sample(_ pid: Int32) -> ProcessIdentity {
        ProcessIdentity(pid: pid, start: Int64(pid))
    }
}

extension SessionRecord {
    package static func sample(
        _ id: String = "s", _ phase: LaunchPhase = .launched, host: HostIdentity = .current,
        monitor: Int32? = nil, process: Int32? = nil, origin: SessionOrigin = .runner, reported: String? = nil
    ) -> SessionRecord {
        let launch = LaunchRecord(
            phase: phase, host: host, monitor: monitor.map(ProcessIdentity.sample),
            process: process.map(ProcessIdentity.sample))
        var session = SessionRecord(
            id: id, runnerID: 1, origin: origin, agent: "claude", directory: "/", createdAt: 1, launch: launch
        )
        session.happySessionID = reported
        session.reportedAt = reported == nil ? nil : 2
        return session
    }
}
