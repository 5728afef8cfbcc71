import Processes

/// The standing of a session, judged by its row and an observation of its processes.
package enum Standing: Equatable, Sendable {
    /// No monitor has claimed it.
    case unclaimed
    /// Its monitor has claimed it and is launching it.
    case launching
    /// Its monitor was killed while launching it. Its process, if there is one, carries the launch id.
    case lost
    case alive
    /// Its process has ended, and its monitor has yet to record how.
    case closing
    /// It has ended. The record says how, in case no exit row exists.
    case over(ExitRecord)
    /// It was recorded on another machine or in another container and cannot be checked here.
    case elsewhere
    /// A process was recorded after the observation: observe again.
    case stale
}

extension Standing {
    /// The only table that judges a session. `seen` must be older than `row`, so that the exit row of a
    /// monitor that was seen gone is final.
    package init(_ row: SessionRecord, _ seen: SessionObservation, at now: Timestamp) {
        let launch = row.launch
        if let exit = row.exit {
            self = .over(exit)
        } else if let endedAt = row.endedAt {
            self = .over(ExitRecord(.vanished, message: "its exit was not recorded", at: endedAt))
        } else if launch.phase == .withdrawn {
            self = .over(ExitRecord(.launchFailed, message: "it was withdrawn before it started", at: now))
        } else if seen.monitor == .unverifiable || seen.process == .unverifiable || !launch.host.isHere {
            self = .elsewhere
        } else if launch.monitor != nil && seen.monitor == nil || launch.process != nil && seen.process == nil
        {
            self = .stale
        } else {
            self = Self.judge(launch.phase, seen, at: now)
        }
    }

    private static func judge(_ phase: LaunchPhase, _ seen: SessionObservation, at now: Timestamp) -> Standing
    {
        switch (phase, seen.monitor, seen.process) {
        case (.requested, _, _), (.withdrawn, _, _): .unclaimed
        case (.claimed, .alive, _): .launching
        case (.claimed, .rebooted, _), (.launched, _, .rebooted):
            .over(ExitRecord(.vanished, message: "the machine was restarted", at: now))
        case (.claimed, _, _): .lost
        case (.launched, _, .alive): .alive
        case (.launched, .alive, _): .closing
        case (.launched, _, _):
            .over(ExitRecord(.vanished, message: "it ended while nothing could record how", at: now))
        }
    }
}

/// The state of a session as users see it.
package enum SessionState: String, CaseIterable, Sendable {
    case requested, starting, running, stopping, unverifiable, ended
}

extension SessionRecord {
    /// The state that users see for a session with this standing.
    package func state(_ standing: Standing) -> SessionState {
        switch standing {
        case .over, .closing: return .ended
        case .lost, .elsewhere: return .unverifiable
        case .unclaimed: return .requested
        case .launching, .alive, .stale: break
        }
        if stopRequestedAt != nil { return .stopping }
        return reportedAt != nil || (adoptedAt != nil && standing == .alive) ? .running : .starting
    }

    package func state(_ seen: SessionObservation) -> SessionState { state(Standing(self, seen, at: .now)) }

    /// The state now. Doesn't look at processes if the end is already recorded.
    package var stateNow: SessionState {
        if exit != nil || endedAt != nil { return .ended }
        // Its monitor makes no difference to a launched session whose process lives: one look instead of two.
        if launch.phase == .launched, let process = launch.process,
            Observation.of(process, at: launch.host) == .alive
        {
            return state(.alive)
        }
        return state(SessionObservation(of: launch))
    }

    /// Whether an earlier life of the runner started it and this one has not adopted it yet.
    package func isInherited(by runner: Int64) -> Bool {
        origin == .runner && runnerID != runner && endedAt == nil
    }
}
