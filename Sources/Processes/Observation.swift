/// What a look at a recorded process tells.
package enum Observation: Equatable, Sendable {
    case alive
    case gone
    /// Its machine was restarted since.
    case rebooted
    /// It was recorded on another machine or in another pid namespace: nothing can be known here.
    case unverifiable

    package var isOver: Bool { self == .gone || self == .rebooted }

    /// Judges a process recorded at `host`, seen from `here`, where `found` has its pid now.
    ///
    /// The boot id is unique to one boot of one machine, so an equal one means the same kernel; a
    /// different one means a restart only where the machine is known to be the same.
    package static func judge(
        _ process: ProcessIdentity, at host: HostIdentity, from here: HostIdentity, found: ProcessStatus?
    ) -> Observation {
        if host.bootID != here.bootID { return host.machine == here.machine ? .rebooted : .unverifiable }
        if host.pidNamespace != here.pidNamespace { return .unverifiable }
        guard let found, found.identity == process, !found.isZombie else { return .gone }
        return .alive
    }

    /// Looks at a recorded process now.
    package static func of(_ process: ProcessIdentity, at host: HostIdentity) -> Observation {
        let found = ProcessTable.status(of: process.pid)
        let seen = judge(process, at: host, from: .current, found: found)
        // Nothing was found where something is: it could not be looked at.
        if seen == .gone && found == nil && !ProcessTable.isVacant(process.pid) { return .unverifiable }
        return seen
    }
}
