import Home
import HubClient
import HubProtocol
import Logging
import NIOPosix
import Processes
import RunnerStore
import SocketIO

/// Cancels at the hub what a session that was killed had asked, so that no person is asked for an answer that
/// nobody waits for. A next life of the session would do it too; there may be none.
///
/// What is pending, the hub knows; whether it was told of the end is on record, as far as the questions are.
struct LeftRequests: Sendable {
    let environment: [String: String]
    let store: Store
    let logger: Logger

    /// Of sessions that ended longer ago, nobody expects anything.
    private static let age: Int64 = 24 * 3600 * 1000

    /// Runs until cancelled. `ended` names each session that ends; others may have ended before.
    func run(_ ended: AsyncStream<String>) async {
        do {
            let since = Timestamp(milliseconds: Timestamp.now.milliseconds - Self.age)
            let before = try await store.read { store throws(StoreError) in
                try store.sessionsWithLeftRequests(endedSince: since)
            }
            for id in before { await cancel(id) }
        } catch {
            logger.error("cannot look for requests that were left", metadata: ["error": "\(error)"])
        }
        for await id in ended { await cancel(id) }
    }

    private struct Left: Sendable {
        let happySessionID: String
        let endedAt: Timestamp

        func canceled(in state: JSONValue) -> JSONValue? {
            AgentState.canceling(
                askedUntil: endedAt.milliseconds, in: state, at: Timestamp.now.milliseconds)
        }
    }

    private func cancel(_ id: String) async {
        var backoff = ReconnectBackoff()
        while !Task.isCancelled {
            do {
                guard let left = try await left(by: id) else { return }
                try await tell(left)
                try await store.write { store throws(StoreError) in try store.settleLeftRequests(of: id) }
                return
            } catch let error as HubError where error.cause == .notFound || error.cause == .unexpected {
                logger.warning("the hub cannot be told", metadata: ["session": "\(id)", "error": "\(error)"])
                return
            } catch {
                // Whoever keeps the line to the hub says in the log why there is none. Ends early when cancelled.
                try? await Task.sleep(for: backoff.next())
            }
        }
    }

    private func left(by id: String) async throws -> Left? {
        try await store.read { store throws(StoreError) in
            guard let session = try store.session(id), let endedAt = session.endedAt,
                let happySessionID = session.happySessionID
            else { return nil }
            // One that was killed may not have got round to recording what it had asked.
            let hasLeft = try !store.leftRequests(of: id).isEmpty
            guard hasLeft || session.wasKilled else { return nil }
            return Left(happySessionID: happySessionID, endedAt: endedAt)
        }
    }

    private func tell(_ left: Left) async throws {
        guard let hub = try Configuration.load(environment: environment).hub else { return }
        let session = try await HubREST.with(hub) { try await $0.session(left.happySessionID) }
        let known = session.agentState ?? .null
        guard left.canceled(in: known) != nil else { return }
        let socket = try SocketIOConfiguration(hub, auth: .session(session.id, token: hub.token))
        try await SocketIOClient.withConnection(
            socket, on: MultiThreadedEventLoopGroup.singleton, logger: logger
        ) { line in
            let version = session.agentStateVersion
            _ = try await line.update(HubEvent.updateState, from: version, at: hub, logger) {
                version, current in
                let current = current ?? known
                return SessionStateUpdate(
                    sid: session.id, expectedVersion: version,
                    agentState: left.canceled(in: current) ?? current)
            }
        }
        logger.info("canceled what a session had asked", metadata: ["happySessionId": "\(session.id)"])
    }
}

extension SessionRecord {
    /// Whether it had no chance to tell the hub of its end.
    fileprivate var wasKilled: Bool {
        switch exit?.reason {
        case .signaled, .vanished: true
        default: false
        }
    }
}
