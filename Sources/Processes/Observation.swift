/// The result of observing a recorded process.
package enum Observation: Equatable, Sendable {
    case alive
    case gone
    /// The machine was rebooted since the process was recorded.
    case rebooted
    /// Recorded on another machine or in another pid namespace, so it cannot be checked here.
    case unverifiable

    package var isOver: Bool { self == .gone || self == .rebooted }

    /// Judges a process recorded on `host`, observed from `here`, where the process `found` has its pid now.
    ///
    /// A boot id is unique to one boot of one machine, so the same id means the same kernel. A different id
    /// means a reboot only if the machine is known to be the same.
    package static func judge(
        _ process: ProcessIdentity, at host: HostIdentity, from here: HostIdentity, found: ProcessStatus?
    ) -> Observation {
        if host.bootID != here.bootID { return host.machine == here.machine ? .rebooted : .unverifiable }
        if host.pidNamespace != here.pidNamespace { return .unverifiable }
        guard let found, found.identity == process, !found.isZombie else { return .gone }
        return .alive
    }

    /// Observes a recorded process now.
    package static func of(_ process: ProcessIdentity, at host: HostIdentity) -> Observation {
        let found = ProcessTable.status(of: process.pid)
        let seen = judge(process, at: host, from: .current, found: found)
        // Nothing was found, but a process has the pid: it could not be read.
        if seen == .gone && found == nil && !ProcessTable.isVacant(process.pid) { return .unverifiable }
        return seen
    }
}
