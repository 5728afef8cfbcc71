/// One heartbeat, as far as it tells of absences.
public struct HeartbeatTrace: Sendable {
    public var runnerID: Int64
    public var at: Timestamp
    /// How long the machine has slept since it was booted, in milliseconds.
    public var suspended: Int64?

    public init(runnerID: Int64, at: Timestamp, suspended: Int64?) {
        self.runnerID = runnerID
        self.at = at
        self.suspended = suspended
    }
}

/// One change of how the runner stood with its hub.
public struct HubChange: Sendable {
    public var runnerID: Int64
    public var at: Timestamp
    public var state: HubState
    public var detail: String?

    public init(runnerID: Int64, at: Timestamp, state: HubState, detail: String?) {
        self.runnerID = runnerID
        self.at = at
        self.state = state
        self.detail = detail
    }
}

/// What tells when and why the runner was away.
extension StoreConnection {
    /// Every life of the runner, oldest first.
    public func allRunners() throws(StoreError) -> [RunnerRecord] { try runners("ORDER BY id") }

    public func heartbeats(since oldest: Timestamp) throws(StoreError) -> [HeartbeatTrace] {
        try rows(
            "SELECT runner_id, at, suspended_ms FROM heartbeats WHERE at >= ? ORDER BY rowid", [.init(oldest)]
        ) { row in
            guard let runner = row.integer(), let at = row.time() else { return nil }
            return HeartbeatTrace(runnerID: runner, at: at, suspended: row.integer())
        }
    }

    public func hubChanges(since oldest: Timestamp) throws(StoreError) -> [HubChange] {
        try rows(
            "SELECT runner_id, at, state, detail FROM hub_changes WHERE at >= ? ORDER BY rowid",
            [.init(oldest)]
        ) { row in
            guard let runner = row.integer(), let at = row.time(),
                let state = row.text().flatMap(HubState.init)
            else { return nil }
            return HubChange(runnerID: runner, at: at, state: state, detail: row.text())
        }
    }
}
