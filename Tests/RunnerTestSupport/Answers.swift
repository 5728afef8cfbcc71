import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerStore
import Testing

/// A session in the output of `list --json` and `history --json`.
package struct ListedSession: Decodable, Sendable {
    package struct Exit: Decodable, Equatable, Sendable {
        package let reason: String
        package let code: Int32?
        package let signal: String?
        package let message: String?

        /// An exit without a message.
        package init(_ reason: String, code: Int32? = nil, signal: String? = nil) {
            (self.reason, self.code, self.signal, message) = (reason, code, signal, nil)
        }
    }

    package struct Request: Decodable, Sendable {
        package let id: String
        package let source: String
        package let outcome: String
        package let error: String?
    }

    package struct Event: Decodable, Sendable {
        package let kind: String
        package let detail: String?
    }

    package let id: String
    package let name: String?
    package let happySessionId: String?
    package let startedBy: String
    package let pid: pid_t?
    package let state: String
    package let agent: String
    package let directory: String
    package let adopted: Bool
    package let logPath: String?
    package let exit: Exit?
    package let stoppedBy: String?
    package let spawnRequest: Request?
    package let events: [Event]?
}

/// The runner in the output of `status --json`.
package struct ShownStatus: Decodable, Sendable {
    package struct RunningRunner: Decodable, Sendable {
        package let pid: pid_t
        package let startedAt: String
        package let uptimeSeconds: Int
        package let httpPort: Int?
        package let logPath: String
        package let lastHeartbeatAt: String?
        package let hubState: String
        package let machineId: String
    }

    package struct EndedRunner: Decodable, Sendable {
        package let pid: pid_t
        package let endedAt: String?
        package let endReason: String?
        package let endDetail: String?
    }

    package struct Sessions: Decodable, Sendable {
        package let live: Int
        package let unverifiable: Int
    }

    package let running: Bool
    package let runner: RunningRunner?
    package let lastRunner: EndedRunner?
    package let sessions: Sessions
}

extension TestHome {
    /// The output of `hapi runner list`.
    package func list(all: Bool = false, location: SourceLocation = #_sourceLocation) async throws
        -> [ListedSession]
    {
        let child = try launch(["runner", "list", "--json"] + (all ? ["--all"] : []))
        try #require(
            await child.ended(within: .seconds(30), location) == 0, "\(child.errors)",
            sourceLocation: location)
        return try JSON.decode([ListedSession].self, from: child.output.utf8)
    }

    /// The output of `hapi runner status`, whose exit status must agree with it.
    package func status(location: SourceLocation = #_sourceLocation) async throws -> ShownStatus {
        let finished = try await hapi("runner", "status", "--json", location: location)
        let status = try JSON.decode(ShownStatus.self, from: finished.output.utf8)
        #expect(finished.status == (status.running ? 0 : 3), sourceLocation: location)
        return status
    }

    /// The output of `hapi runner history ID`.
    package func history(_ id: String, location: SourceLocation = #_sourceLocation) async throws
        -> ListedSession
    {
        let finished = try await hapi("runner", "history", id, "--json", location: location)
        try #require(finished.status == 0, "\(finished)", sourceLocation: location)
        return try JSON.decode(ListedSession.self, from: finished.output.utf8)
    }

    /// Waits until a session with this HAPI id or record id has ended, and returns how.
    @discardableResult
    package func ending(of id: String, location: SourceLocation = #_sourceLocation) async throws
        -> ListedSession.Exit
    {
        try await eventually("the recorded end of \(id)", location) {
            try await history(id, location: location).exit
        }
    }
}

extension TestHome {
    /// Runs a statement on the store that no program of ours would run, and returns the first value of its
    /// result.
    @discardableResult
    package func inStore(_ statement: String, location: SourceLocation = #_sourceLocation) async throws
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
