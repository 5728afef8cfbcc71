import Processes
import RunnerStore

extension Writing {
    /// Judges a session again under the lock and records what follows: an end that nobody has recorded, a
    /// request of an earlier life that no monitor has claimed, a session that is this life's now. The one
    /// place where a standing is written.
    ///
    /// - Parameter seen: a look at the session's processes, older than this transaction.
    /// - Returns: how the session stands afterwards; nil if there is none.
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

    /// Looks at a session's processes, and settles it.
    func settleNow(_ session: SessionRecord, by runner: Int64) throws(StoreError) -> Standing? {
        try settle(session.id, SessionObservation(of: session.launch), by: runner)
    }

    /// Ends a session whose launch no monitor has claimed. nil: a monitor was faster.
    func withdraw(_ id: String, because message: String) throws(StoreError) -> ExitRecord? {
        guard try withdrawLaunch(id, because: message, at: .now) else { return nil }
        return try finish(id, unlessRecorded: ExitRecord(.launchFailed, message: message, at: .now)).exit
    }
}
