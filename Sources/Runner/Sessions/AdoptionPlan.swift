import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// What a starting runner does about each session that was not over when the last one ended.
enum AdoptionVerdict: Equatable {
    /// It has ended; this is how, where nobody has recorded it.
    case finish(ExitRecord)
    /// No monitor has claimed it: end it, unless one does in this moment.
    case withdraw
    /// It lives: it is this runner's now.
    case adopt
    /// Its monitor is about to launch it, or about to say how it ended.
    case wait
    /// A process of it was recorded after the look.
    case lookAgain
    /// Its monitor was killed while launching: its process, if there is one, carries the launch id.
    case search
    /// Nothing can be known about it here.
    case leave
}

extension AdoptionVerdict {
    /// Judges a session by its row and what was seen of its processes. `seen` must be older than
    /// `session`: a monitor that was seen gone has then said all it will say.
    static func on(_ session: SessionRecord, _ seen: SessionObservation, at now: Timestamp) -> AdoptionVerdict
    {
        if let exit = session.exit { return .finish(exit) }
        if seen.monitor == .unverifiable || seen.process == .unverifiable { return .leave }
        if !session.launch.host.isHere { return .leave }
        if session.launch.monitor != nil && seen.monitor == nil { return .lookAgain }
        if session.launch.process != nil && seen.process == nil { return .lookAgain }
        switch session.launch.phase {
        case .withdrawn, .requested:
            return .withdraw
        case .claimed:
            return seen.monitor == .alive
                ? .wait : seen.monitor == .rebooted ? vanished(.rebooted, now) : .search
        case .launched:
            if seen.process == .alive { return .adopt }
            return seen.monitor == .alive ? .wait : vanished(seen.process, now)
        }
    }

    private static func vanished(_ seen: Observation?, _ now: Timestamp) -> AdoptionVerdict {
        let message =
            seen == .rebooted ? "the machine was restarted" : "it ended while nobody was there to see how"
        return .finish(ExitRecord(.vanished, message: message, at: now))
    }
}
