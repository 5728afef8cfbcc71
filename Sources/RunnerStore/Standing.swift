import Processes

/// How a session stands, judged by its row and a look at its processes.
package enum Standing: Equatable, Sendable {
    /// No monitor has claimed it.
    case unclaimed
    /// Its monitor has claimed it and is launching it.
    case launching
    /// Its monitor was killed while launching it: its process, if there is one, carries the launch id.
    case lost
    case alive
    /// Its process has ended, and its monitor is about to say how.
    case closing
    /// It has ended; this is how, where nobody has recorded it.
    case over(ExitRecord)
    /// It was recorded on another machine or in another container: nothing can be known about it here.
    case elsewhere
    /// A process of it was recorded after the look: look again.
    case stale
}

extension Standing {
    /// The one table in which a session is judged. `seen` must be older than `row`: a monitor that was
    /// seen gone has then said all it will say.
    package init(_ row: SessionRecord, _ seen: SessionObservation, at now: Timestamp) {
        let launch = row.launch
        if let exit = row.exit {
            self = .over(exit)
        } else if let endedAt = row.endedAt {
            self = .over(ExitRecord(.vanished, message: "its exit is not on record", at: endedAt))
        } else if launch.phase == .withdrawn {
            self = .over(ExitRecord(.launchFailed, message: "it was withdrawn before it began", at: now))
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
            .over(ExitRecord(.vanished, message: "it ended while nobody was there to see how", at: now))
        }
    }
}

/// Where a session is in its life, as users see it.
package enum SessionState: String, CaseIterable, Sendable {
    case requested, starting, running, stopping, unverifiable, ended
}

extension SessionRecord {
    /// What users see of a session that stands so.
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

    /// The state at this moment. Nobody looks for the processes of one whose end is on record.
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

    /// Whether an earlier life of the runner started it, and nobody has taken it over yet.
    package func isInherited(by runner: Int64) -> Bool {
        origin == .runner && runnerID != runner && endedAt == nil
    }
}
