import Processes

/// The part of a heartbeat that absences are derived from.
package struct HeartbeatTrace: Sendable {
    package var runnerID: Int64
    package var at: Timestamp
    /// How long the machine has been suspended since boot, in milliseconds.
    package var suspended: Int64?

    package init(runnerID: Int64, at: Timestamp, suspended: Int64?) {
        self.runnerID = runnerID
        self.at = at
        self.suspended = suspended
    }
}

/// A change of the runner's hub connection.
package struct HubChange: Sendable {
    package var runnerID: Int64
    package var at: Timestamp
    package var state: HubState
    package var detail: String?

    package init(runnerID: Int64, at: Timestamp, state: HubState, detail: String?) {
        self.runnerID = runnerID
        self.at = at
        self.state = state
        self.detail = detail
    }
}

/// The records from which absences are derived.
extension Reading {
    /// Every life of the runner, oldest first.
    package func allRunners() throws(StoreError) -> [RunnerRecord] { try runners("ORDER BY id") }

    package func heartbeats(since oldest: Timestamp) throws(StoreError) -> [HeartbeatTrace] {
        try rows(
            "SELECT runner_id, at, suspended_ms FROM heartbeats WHERE at >= ? ORDER BY rowid", [.init(oldest)]
        ) { row in
            guard let runner = row.integer("runner_id"), let at = row.time("at") else { return nil }
            return HeartbeatTrace(runnerID: runner, at: at, suspended: row.integer("suspended_ms"))
        }
    }

    package func hubChanges(since oldest: Timestamp) throws(StoreError) -> [HubChange] {
        try rows(
            "SELECT runner_id, at, state, detail FROM hub_changes WHERE at >= ? ORDER BY rowid",
            [.init(oldest)]
        ) { row in
            guard let runner = row.integer("runner_id"), let at = row.time("at"),
                let state = row.text("state").flatMap(HubState.init)
            else { return nil }
            return HubChange(runnerID: runner, at: at, state: state, detail: row.text("detail"))
        }
    }
}
