import Processes
import Testing

@testable import RunnerStore

/// A valid row with one change that makes it invalid.
struct BadRow: CustomTestStringConvertible, Sendable {
    let table: String
    let change: [String: String]

    init(_ table: String, _ change: [String: String]) {
        self.table = table
        self.change = change
    }

    var testDescription: String {
        "\(table): "
            + change.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }
}

@Suite final class SchemaTests: StoreTests {
    /// A valid row of each table, as SQL values.
    static let good: [String: [String: String]] = [
        "launches": [
            "id": "'new'", "phase": "'requested'", "machine": "'m'", "boot_id": "'b'", "pid_namespace": "1",
            "requested_at": "1",
        ],
        "exits": ["launch_id": "'new'", "reason": "'exited'", "code": "0", "at": "1"],
        "runners": [
            "pid": "1", "start": "1", "machine": "'m'", "boot_id": "'b'", "pid_namespace": "1",
            "version": "'1'",
            "hub_state": "'disabled'", "log_path": "'/l'", "started_at": "1", "http_port": "65535",
        ],
        "sessions": [
            "id": "'new'", "runner_id": "1", "started_by": "'runner'", "agent": "'claude'",
            "directory": "'/'",
            "created_at": "1",
        ],
        "session_events": ["session_id": "'old'", "at": "1", "kind": "'k'"],
        "spawn_requests": [
            "id": "'new'", "source": "'hub'", "directory": "'/'", "agent": "'claude'", "requested_at": "1",
            "outcome": "'pending'",
        ],
        "directory_decisions": ["directory": "'/'", "decision": "'pending'", "asked_at": "1"],
        "heartbeats": [
            "runner_id": "1", "at": "1", "live_sessions": "0", "pruned": "0", "hub_state": "'disabled'",
        ],
    ]

    static let bad: [BadRow] =
        launches + exits + runners + sessions + requests + [
            BadRow("session_events", ["session_id": "'nobody'"]), BadRow("session_events", ["kind": "NULL"]),
            BadRow("directory_decisions", ["decision": "'perhaps'"]),
            BadRow("directory_decisions", ["decided_at": "1"]),
            BadRow("directory_decisions", ["decision": "'approved'"]),
            BadRow("heartbeats", ["runner_id": "99"]), BadRow("heartbeats", ["at": "NULL"]),
        ]

    static let launches = [
        BadRow("launches", ["id": "NULL"]), BadRow("launches", ["id": "'old'"]),
        BadRow("launches", ["phase": "'flying'"]), BadRow("launches", ["phase": "NULL"]),
        BadRow("launches", ["machine": "NULL"]), BadRow("launches", ["boot_id": "NULL"]),
        BadRow("launches", ["pid_namespace": "NULL"]), BadRow("launches", ["requested_at": "'soon'"]),
        BadRow("launches", ["phase": "'claimed'", "monitor_pid": "0", "monitor_start": "1"]),
        BadRow("launches", ["phase": "'claimed'", "monitor_pid": "5"]),
        BadRow("launches", ["phase": "'claimed'", "monitor_start": "5"]),
        BadRow("launches", ["phase": "'launched'", "pid": "-1", "start": "1"]),
        BadRow("launches", ["phase": "'launched'", "pid": "5"]), BadRow("launches", ["phase": "'launched'"]),
        BadRow("launches", ["pid": "5", "start": "1"]),
        BadRow("launches", ["monitor_pid": "5", "monitor_start": "1"]),
        BadRow("launches", ["phase": "'withdrawn'", "pid": "5", "start": "1"]),
        BadRow("launches", ["phase": "'withdrawn'", "monitor_pid": "5", "monitor_start": "1"]),
    ]

    static let exits = [
        BadRow("exits", ["launch_id": "'old'"]), BadRow("exits", ["reason": "'bored'"]),
        BadRow("exits", ["code": "NULL"]), BadRow("exits", ["signal": "9"]),
        BadRow("exits", ["reason": "'signaled'", "code": "NULL"]),
        BadRow("exits", ["reason": "'signaled'", "signal": "9"]),
        BadRow("exits", ["reason": "'vanished'"]), BadRow("exits", ["reason": "'launch-failed'"]),
        BadRow("exits", ["at": "NULL"]), BadRow("exits", ["code": "'zero'"]),
    ]

    static let runners = [
        BadRow("runners", ["pid": "0"]), BadRow("runners", ["http_port": "0"]),
        BadRow("runners", ["http_port": "65536"]), BadRow("runners", ["hub_state": "'lost'"]),
        BadRow("runners", ["end_reason": "'tired'"]), BadRow("runners", ["ended_at": "2"]),
        BadRow("runners", ["log_path": "NULL"]), BadRow("runners", ["started_at": "NULL"]),
    ]

    static let sessions = [
        BadRow("sessions", ["id": "'old'"]), BadRow("sessions", ["started_by": "'magic'"]),
        BadRow("sessions", ["runner_id": "NULL"]), BadRow("sessions", ["runner_id": "99"]),
        BadRow("sessions", ["happy_session_id": "'h2'"]), BadRow("sessions", ["reported_at": "2"]),
        BadRow("sessions", ["stop_requested_at": "2"]), BadRow("sessions", ["stopped_by": "'cli'"]),
        BadRow("sessions", ["stop_requested_at": "2", "stopped_by": "'fate'"]),
        BadRow("sessions", ["happy_session_id": "'h1'", "reported_at": "2"]),
        BadRow("sessions", ["requested_session_id": "'r1'"]), BadRow("sessions", ["directory": "NULL"]),
    ]

    static let requests = [
        BadRow("spawn_requests", ["id": "'old'"]), BadRow("spawn_requests", ["source": "'pigeon'"]),
        BadRow("spawn_requests", ["outcome": "'maybe'"]), BadRow("spawn_requests", ["answered_at": "2"]),
        BadRow("spawn_requests", ["outcome": "'failed'"]),
        BadRow("spawn_requests", ["outcome": "'started'", "answered_at": "2"]),
        BadRow("spawn_requests", ["session_id": "'nobody'"]),
    ]

    private func insert(_ table: String, _ change: [String: String] = [:]) -> String {
        let row = (Self.good[table] ?? [:]).merging(change) { _, new in new }.sorted { $0.key < $1.key }
        let columns = row.map(\.key).joined(separator: ", ")
        return "INSERT INTO \(table) (\(columns)) VALUES (\(row.map(\.value).joined(separator: ", ")))"
    }

    private func populated() throws -> Writing {
        let store = try create()
        try store.execute(insert("runners"))
        try store.execute(insert("launches", ["id": "'old'"]))
        try store.execute(insert("exits", ["launch_id": "'old'"]))
        let owner = [
            "id": "'old'", "happy_session_id": "'h1'", "reported_at": "2", "requested_session_id": "'r1'",
        ]
        try store.execute(insert("sessions", owner))
        try store.execute(insert("spawn_requests", ["id": "'old'"]))
        return store
    }

    @Test(arguments: good.keys.sorted())
    func aRowInOrderIsTaken(table: String) throws {
        let store = try populated()
        let before = try store.number("SELECT count(*) FROM \(table)") ?? 0
        try store.execute(insert(table))
        #expect(try store.number("SELECT count(*) FROM \(table)") == before + 1)
    }

    @Test(arguments: bad)
    func aRowThatBreaksARuleIsRefused(row: BadRow) throws {
        let store = try populated()
        #expect(storeError { try store.execute(self.insert(row.table, row.change)) }?.cause == .constraint)
    }

    @Test(arguments: ["happy_session_id = 'h1', reported_at = 2", "requested_session_id = 'r1'"])
    func anEndedSessionOwnsNothing(claim: String) throws {
        let store = try populated()
        try store.execute("UPDATE sessions SET ended_at = 9")
        try store.execute(insert("sessions"))
        try store.execute("UPDATE sessions SET \(claim) WHERE id = 'new'")
        #expect(storeError { try store.execute("UPDATE sessions SET ended_at = NULL") }?.cause == .constraint)
    }

    @Test func theTablesOfMonitorsAreBoundToNoOthers() throws {
        let store = try create()
        for table in ["launches", "exits"] {
            #expect(try store.rows("PRAGMA foreign_key_list(\(table))") { $0.integer() } == [])
        }
        #expect(try store.number("SELECT count(*) FROM sqlite_schema WHERE type = 'trigger'") == 0)
    }

    @Test func everyTableIsStrict() throws {
        let store = try create()
        let loose =
            "SELECT name FROM pragma_table_list WHERE type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite_%'"
        #expect(try store.rows(loose) { $0.text() } == [])
    }
}
