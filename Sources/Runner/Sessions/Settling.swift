import Processes
import RunnerStore

extension Writing {
    /// Judges a session again in this transaction and records what follows: an unrecorded end, the withdrawal
    /// of an earlier life's unclaimed launch, or this life's adoption of it. No other code records a
    /// standing.
    ///
    /// - Parameter seen: an observation of the session's processes, older than this transaction.
    /// - Returns: the standing afterwards; nil if there is no such session.
    func settle(_ id: String, _ seen: SessionObservation, by runner: Int64) throws(StoreError) -> Standing? {
        guard let row = try session(id) else { return nil }
        return try settle(row, seen, by: runner)
    }

    /// - Parameter row: read in this transaction.
    func settle(
        _ row: SessionRecord, _ seen: SessionObservation, by runner: Int64
    ) throws(StoreError) -> Standing {
        let standing = Standing(row, seen, at: .now)
        switch standing {
        case .over(let exit):
            return .over(try finish(row.id, unlessRecorded: exit).exit)
        case .unclaimed where row.runnerID != runner:
            let why = "the runner ended before its monitor claimed the launch"
            return try withdraw(row.id, because: why).map(Standing.over) ?? .stale
        case .alive where row.isInherited(by: runner):
            try adopt(row.id, by: runner, at: .now)
        case .unclaimed, .launching, .lost, .alive, .closing, .elsewhere, .stale:
            break
        }
        return standing
    }

    /// Observes a session's processes and settles it.
    func settleNow(_ session: SessionRecord, by runner: Int64) throws(StoreError) -> Standing? {
        try settle(session.id, SessionObservation(of: session.launch), by: runner)
    }

    /// Ends a session whose launch is unclaimed. nil if a monitor has claimed it.
    func withdraw(_ id: String, because message: String) throws(StoreError) -> ExitRecord? {
        guard try withdrawLaunch(id, because: message, at: .now) else { return nil }
        return try finish(id, unlessRecorded: ExitRecord(.launchFailed, message: message, at: .now)).exit
    }
}
