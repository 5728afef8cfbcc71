import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerStore
import Testing

extension TestHome {
    /// Starts the runner with `hapi runner start`, and returns its process.
    @discardableResult
    package func startRunner(
        _ changes: [String: String] = [:], _ arguments: [String] = [], status: Int32 = 0,
        location: SourceLocation = #_sourceLocation
    ) async throws -> ProcessIdentity {
        let child = try launch(["runner", "start"] + arguments, changes)
        let ended = try await child.ended(within: .seconds(40), location)
        try #require(ended == status, "\(child.output)\(child.errors)", sourceLocation: location)
        return try runner(location)
    }

    /// The process named by the state file.
    package func runner(_ location: SourceLocation = #_sourceLocation) throws -> ProcessIdentity {
        let pid = try #require(try state()["pid"]?.integer, sourceLocation: location)
        return try #require(ProcessTable.identity(of: pid_t(pid)), sourceLocation: location)
    }

    /// The state file.
    package func state() throws -> JSONValue { try JSONValue(json: text(stateFile) ?? "null") }

    /// The running runner's control server.
    package func control(_ location: SourceLocation = #_sourceLocation) throws -> ControlPort {
        ControlPort(port: try #require(try state()["httpPort"]?.integer, sourceLocation: location))
    }

    /// Kills the runner, as a crash would.
    package func killRunner(_ location: SourceLocation = #_sourceLocation) async throws {
        let runner = try runner(location)
        #expect(killVerified(runner), sourceLocation: location)
        try await eventually("the runner's death", location) { !isAlive(runner) }
    }

    /// A runner of this home that is suspended, as at a crash point.
    package func heldRunner() -> ProcessIdentity? {
        Census(self).runners.compactMap(ProcessTable.identity).first { isSuspended($0) }
    }

    /// Stops the runner with `hapi runner stop`.
    package func stopRunner(_ location: SourceLocation = #_sourceLocation) async throws {
        let finished = try await hapi("runner", "stop", location: location)
        try #require(finished.status == 0, "\(finished)", sourceLocation: location)
    }

    /// Starts a session in its own directory through the runner, and returns its HAPI id.
    package func spawn(
        _ name: String, behaving behaviour: String? = nil, _ parameters: [String: JSONValue] = [:],
        location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        let directory = try makeDirectory("work/\(name)", behaving: behaviour)
        let body = ["directory": .string(directory)].merging(parameters) { _, new in new }
        let answer = try await control(location).post("spawn-session", .object(body))
        try #require(answer.status == 200, "\(answer)", sourceLocation: location)
        return try #require(answer.body["sessionId"]?.string, sourceLocation: location)
    }

    /// The live session with this HAPI id.
    package func session(
        _ happySessionID: String, location: SourceLocation = #_sourceLocation
    ) async throws -> ListedSession {
        let sessions = try await list(location: location)
        return try #require(sessions.first { $0.happySessionId == happySessionID }, sourceLocation: location)
    }

    /// The process of a live session.
    package func process(
        of happySessionID: String, location: SourceLocation = #_sourceLocation
    ) async throws -> ProcessIdentity {
        let pid = try #require(
            try await session(happySessionID, location: location).pid, sourceLocation: location)
        return try #require(ProcessTable.identity(of: pid), sourceLocation: location)
    }

    /// Kills a live session with this HAPI id or record id together with its monitor, so that its exit is not
    /// recorded.
    package func killUnseen(_ id: String, location: SourceLocation = #_sourceLocation) async throws {
        let session = try #require(
            try await list().first { [$0.id, $0.happySessionId].contains(id) }, sourceLocation: location)
        let process = try #require(session.pid.flatMap(ProcessTable.status), sourceLocation: location)
        let monitor = try #require(ProcessTable.identity(of: process.parent), sourceLocation: location)
        #expect(killVerified(monitor) && killVerified(process.identity), sourceLocation: location)
    }
}
