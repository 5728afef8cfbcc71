import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// A session as `list` and `history` show it.
struct SessionView {
    let session: SessionRecord
    let state: SessionState
    /// Its leftover processes that are still running, if they were looked up.
    var leftovers: [LeftoverRecord] = []

    init(_ session: SessionRecord) {
        self.session = session
        state = session.stateNow
    }

    /// Views of the sessions, with the leftover processes of those that have ended.
    static func all(_ sessions: [SessionRecord], _ store: Reading) throws(StoreError) -> [SessionView] {
        let left = Dictionary(grouping: try store.livingLeftovers(), by: \.sessionID)
        return sessions.map { session in
            var view = SessionView(session)
            if session.exit != nil { view.leftovers = left[session.id] ?? [] }
            return view
        }
    }

    var members: [String: JSONValue] {
        [
            "id": .string(session.id),
            "name": .init(session.name),
            "happySessionId": .init(session.happySessionID),
            "startedBy": .string(session.origin.wireName),
            "pid": session.launch.process.map { .integer(Int64($0.pid)) } ?? .null,
            "state": .string(state.rawValue),
            "agent": .string(session.agent),
            "directory": .string(session.directory),
            "startedAt": .init(session.createdAt),
            "adopted": .bool(session.adoptedAt != nil),
            "logPath": .init(session.logPath),
            "endedAt": .init(session.exit?.at),
            "exit": session.exit.map(Self.json) ?? .null,
            "stoppedBy": .init(session.stoppedBy?.rawValue),
            "leftBehind": .array(leftovers.map(LeftoverView.json)),
        ]
    }

    private static func json(_ exit: ExitRecord) -> JSONValue {
        .object([
            "reason": .string(exit.reason.name),
            "code": exit.reason.code.map { .integer(Int64($0)) } ?? .null,
            "signal": .init(exit.reason.signal.map(signalName)),
            "message": .init(exit.message),
            "at": .init(exit.at),
        ])
    }

    /// The columns of `list`.
    static var listTable: Table {
        Table(
            ["NAME", "ID", "STATE", "AGENT", "PID", "AGE", "DIRECTORY"],
            fits: ["NAME": .text, "DIRECTORY": .path])
    }

    var listRow: Table.Row {
        Table.Row(
            cells: [
                name, shortID, state.rawValue + (session.adoptedAt == nil ? "" : " (adopted)"),
                session.agent, session.launch.process.map { "\($0.pid)" } ?? "-", age, session.directory,
            ], colours: [2: state.colour])
    }

    /// The columns of `history`.
    static var historyTable: Table {
        Table(
            ["NAME", "ID", "STARTED", "AGENT", "STATE", "FOR", "HOW", "DIRECTORY"],
            fits: ["NAME": .text, "HOW": .text, "DIRECTORY": .path])
    }

    var historyRow: Table.Row {
        Table.Row(
            cells: [
                name, shortID, session.createdAt.local, session.agent, state.rawValue, length, ending,
                session.directory,
            ], colours: [4: state.colour])
    }

    /// How long its process has been running or, without a process, how long ago the session was created.
    var age: String {
        guard let process = session.launch.process, [.starting, .running, .stopping].contains(state) else {
            return session.createdAt.age
        }
        return Timestamp.length(seconds: process.secondsAlive)
    }

    var name: String { session.name ?? "-" }

    /// A prefix of the id that is usually unique.
    var shortID: String { String(session.id.prefix(8)) }

    /// The name, or the short id if it has none.
    var title: String { session.name ?? shortID }

    /// How long the session lasted; `-` while it is live.
    var length: String {
        session.exit.map { Timestamp.length(from: session.createdAt, to: $0.at) } ?? "-"
    }

    /// How it ended, and which of its processes are still running; `-` while it is live.
    var ending: String { leftovers.isEmpty ? end : "\(end); \(LeftoverView.words(leftovers))" }

    private var end: String {
        guard let exit = session.exit else { return state == .ended ? "ended, not yet recorded" : "-" }
        let stopped = session.stoppedBy.map { ", stopped by \($0.rawValue)" } ?? ""
        let why = exit.message.map { ", \($0)" } ?? ""
        switch exit.reason {
        case .exited(let code): return "exit \(code)\(why)\(stopped)"
        case .signaled(let signal): return "\(signalName(signal))\(why)\(stopped)"
        case .launchFailed: return "launch failed: \(exit.message ?? "unknown")"
        case .vanished: return "vanished: \(exit.message ?? "unknown")\(stopped)"
        }
    }
}

extension SessionState {
    var colour: Table.Colour {
        switch self {
        case .running: .green
        case .requested, .starting, .stopping: .yellow
        case .unverifiable: .red
        case .ended: .dim
        }
    }
}

extension JSONValue {
    init(_ text: String?) { self = text.map(JSONValue.string) ?? .null }
    init(_ number: Int?) { self = number.map { .integer(Int64($0)) } ?? .null }
    init(_ time: Timestamp?) { self = time.map { .string($0.iso8601) } ?? .null }
}
