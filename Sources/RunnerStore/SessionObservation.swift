import Processes

/// An observation of a session's processes. nil for a process that is not recorded.
package struct SessionObservation: Equatable, Sendable {
    package var monitor: Observation?
    package var process: Observation?

    package init(monitor: Observation? = nil, process: Observation? = nil) {
        self.monitor = monitor
        self.process = process
    }

    /// Observes the recorded processes now.
    package init(of launch: LaunchRecord) {
        monitor = launch.monitor.map { Observation.of($0, at: launch.host) }
        process = launch.process.map { Observation.of($0, at: launch.host) }
    }
}

extension HostIdentity {
    /// Whether processes of that host can be observed here, in its current boot or as gone after a reboot.
    package var isHere: Bool {
        let here = HostIdentity.current
        return bootID == here.bootID ? pidNamespace == here.pidNamespace : machine == here.machine
    }
}
