import Home
import Logging
import Processes
import RunnerStore

/// Runs the user's command after each session: the setting `onSessionEnd`.
///
/// One at a time, without a shell, for at most ten seconds, with the details in its environment. Sessions
/// that end while no runner is running are skipped.
struct SessionEndHook: Sendable {
    let command: [String]
    let store: Store
    let environment: [String: String]
    let logger: Logger

    private static let patience = Duration.seconds(10)

    /// Polls for ended sessions until cancelled.
    func run() async {
        // Sessions that ended before are skipped.
        var last: Int64?
        repeat {
            do {
                guard let seen = last else {
                    last = try await store.read { store throws(StoreError) in try store.lastEventID() }
                    continue
                }
                let events = try await store.read { store throws(StoreError) in
                    try store.events(after: seen, since: nil, limit: 100)
                }
                last = events.last?.id ?? seen
                for event in events where event.kind == "ended" { await call(for: event.sessionID) }
            } catch {
                logger.error("cannot look for ended sessions", metadata: ["error": "\(error)"])
            }
            // Task.sleep throws only when cancelled.
        } while (try? await Task.sleep(for: .seconds(1))) != nil
    }

    private func call(for id: String) async {
        do {
            let session = try await store.read { store throws(StoreError) in try store.session(id) }
            guard let session, let program = command.first else { return }
            let answer = try await HelperProcess.run(
                program, Array(command.dropFirst()),
                environment: environment.merging(Self.facts(session)) { $1 }, within: Self.patience)
            guard answer.status != 0 else { return }
            logger.warning("onSessionEnd failed", metadata: ["session": "\(id)", "says": "\(answer.words)"])
        } catch {
            logger.warning("onSessionEnd failed", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }

    /// The variables that describe the session, documented in docs/scripting.md.
    static func facts(_ session: SessionRecord) -> [String: String] {
        var facts = [
            "HAPI_ENDED_ID": session.id, "HAPI_ENDED_AGENT": session.agent,
            "HAPI_ENDED_DIRECTORY": session.directory,
            "HAPI_ENDED_HOW": session.exit?.reason.name ?? "unknown",
        ]
        facts["HAPI_ENDED_NAME"] = session.name
        facts["HAPI_ENDED_CODE"] = session.exit?.reason.code.map { "\($0)" }
        facts["HAPI_ENDED_SIGNAL"] = session.exit?.reason.signal.map(signalName)
        facts["HAPI_ENDED_MESSAGE"] = session.exit?.message
        facts["HAPI_ENDED_STOPPED_BY"] = session.stoppedBy?.rawValue
        facts["HAPI_ENDED_LOG"] = session.logPath
        return facts
    }
}
