import Processes
import RunnerStore

/// Where a session is in its life, as users see it.
package enum SessionState: String, Sendable {
    case requested, starting, running, stopping, unverifiable, ended
}

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

extension SessionRecord {
    /// The state that follows from the row, its exit and a look at its processes. The one place
    /// where this is decided.
    package func state(_ seen: SessionObservation) -> SessionState {
        if exit != nil || endedAt != nil || launch.phase == .withdrawn { return .ended }
        if seen.monitor == .unverifiable || seen.process == .unverifiable { return .unverifiable }
        guard launch.host.isHere else { return .unverifiable }
        switch launch.phase {
        case .requested, .withdrawn:
            return .requested
        case .claimed:
            // Its monitor was killed in the moment of launching: there may be a process or none.
            if seen.monitor?.isOver != false { return seen.monitor == .rebooted ? .ended : .unverifiable }
        case .launched:
            if seen.process?.isOver != false { return .ended }
        }
        if stopRequestedAt != nil { return .stopping }
        return reportedAt != nil || (adoptedAt != nil && launch.phase == .launched) ? .running : .starting
    }

    /// The state at this moment.
    package var stateNow: SessionState { state(SessionObservation(of: launch)) }
}

extension HostIdentity {
    /// Whether a process recorded there could be known about here, now or after a restart.
    package var isHere: Bool {
        let here = HostIdentity.current
        return bootID == here.bootID ? pidNamespace == here.pidNamespace : machine == here.machine
    }
}
