import Processes

/// What a look at a session's processes tells. nil: no such process is on record.
package struct SessionObservation: Equatable, Sendable {
    package var monitor: Observation?
    package var process: Observation?

    package init(monitor: Observation? = nil, process: Observation? = nil) {
        self.monitor = monitor
        self.process = process
    }

    /// Looks at the recorded processes now.
    package init(of launch: LaunchRecord) {
        monitor = launch.monitor.map { Observation.of($0, at: launch.host) }
        process = launch.process.map { Observation.of($0, at: launch.host) }
    }
}

extension HostIdentity {
    /// Whether a process recorded there could be known about here, now or after a restart.
    package var isHere: Bool {
        let here = HostIdentity.current
        return bootID == here.bootID ? pidNamespace == here.pidNamespace : machine == here.machine
    }
}
