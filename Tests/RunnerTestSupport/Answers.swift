import Glibc
import HubProtocol
import Runner
import RunnerStore
import Testing

/// A session as `list --json` and `history --json` show it.
public struct ListedSession: Decodable, Sendable {
    public struct Exit: Decodable, Equatable, Sendable {
        public let reason: String
        public let code: Int32?
        public let signal: String?
        public let message: String?

        /// One that nobody had words about.
        public init(_ reason: String, code: Int32? = nil, signal: String? = nil) {
            (self.reason, self.code, self.signal, message) = (reason, code, signal, nil)
        }
    }

    public struct Request: Decodable, Sendable {
        public let id: String
        public let source: String
        public let outcome: String
        public let error: String?
    }

    public struct Event: Decodable, Sendable {
        public let kind: String
        public let detail: String?
    }

    public let id: String
    public let happySessionId: String?
    public let startedBy: String
    public let pid: pid_t?
    public let state: String
    public let agent: String
    public let directory: String
    public let adopted: Bool
    public let logPath: String?
    public let exit: Exit?
    public let stoppedBy: String?
    public let spawnRequest: Request?
    public let events: [Event]?
}

/// The runner as `status --json` shows it.
public struct ShownStatus: Decodable, Sendable {
    public struct RunningRunner: Decodable, Sendable {
        public let pid: pid_t
        public let startedAt: String
        public let uptimeSeconds: Int
        public let httpPort: Int?
        public let logPath: String
        public let lastHeartbeatAt: String?
        public let hubState: String
        public let machineId: String
    }

    public struct EndedRunner: Decodable, Sendable {
        public let pid: pid_t
        public let endedAt: String?
        public let endReason: String?
    }

    public struct Sessions: Decodable, Sendable {
        public let live: Int
        public let unverifiable: Int
    }

    public let running: Bool
    public let runner: RunningRunner?
    public let lastRunner: EndedRunner?
    public let sessions: Sessions
}

extension TestHome {
    /// What `hapi runner list` says.
    public func list(all: Bool = false, location: SourceLocation = #_sourceLocation) async throws
        -> [ListedSession]
    {
        let child = try launch(["runner", "list", "--json"] + (all ? ["--all"] : []))
        try #require(
            await child.ended(within: .seconds(30), location) == 0, "\(child.errors)",
            sourceLocation: location)
        return try JSON.decode([ListedSession].self, from: child.output.utf8)
    }

    /// What `hapi runner status` says. Its exit status must agree with it.
    public func status(location: SourceLocation = #_sourceLocation) async throws -> ShownStatus {
        let finished = try await hapi("runner", "status", "--json", location: location)
        let status = try JSON.decode(ShownStatus.self, from: finished.output.utf8)
        #expect(finished.status == (status.running ? 0 : 3), sourceLocation: location)
        return status
    }

    /// What `hapi runner history ID` says.
    public func history(_ id: String, location: SourceLocation = #_sourceLocation) async throws
        -> ListedSession
    {
        let finished = try await hapi("runner", "history", id, "--json", location: location)
        try #require(finished.status == 0, "\(finished)", sourceLocation: location)
        return try JSON.decode(ListedSession.self, from: finished.output.utf8)
    }

    /// Waits for a session with this HAPI id, or record id, to have ended, and gives how.
    @discardableResult
    public func ending(of id: String, location: SourceLocation = #_sourceLocation) async throws
        -> ListedSession.Exit
    {
        try await eventually("the recorded end of \(id)", location) {
            try await history(id, location: location).exit
        }
    }
}

extension TestHome {
    /// Runs a statement on the store, as no program of ours would, and gives the first value it yields.
    @discardableResult
    public func inStore(_ statement: String, location: SourceLocation = #_sourceLocation) async throws
        -> String
    {
        let script = """
            import sqlite3, sys
            with sqlite3.connect(sys.argv[1], timeout=10) as store:
                row = store.execute(sys.argv[2]).fetchone()
            print("" if row is None else row[0])
            """
        let child = try start([Paths.python, "-c", script, store, statement])
        try #require(
            await child.ended(within: .seconds(30), location) == 0, "\(child.errors)",
            sourceLocation: location)
        return String(child.output.dropLast())
    }
}
