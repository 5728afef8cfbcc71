import HubProtocol
import Logging
import RunnerStore
import SocketIO

/// Keeps a line to the hub for as long as the task lives.
enum HubConnection {
    /// Calls `connect` again and again: it returns or throws when the line is lost. `changed` hears how
    /// things stand, in words that `hub` makes safe; that the line is up is for `connect` itself to tell. A line that held for a while
    /// makes the next wait a short one again. A hub that refuses is asked again after `afterRefusal`.
    static func keep(
        _ hub: () -> Configuration.Hub, _ logger: Logger, isolation: isolated (any Actor)? = #isolation,
        changed: @Sendable (HubState, _ detail: String?) -> Void,
        afterRefusal: () async -> Void = { try? await Task.sleep(for: refusalPause) },
        connect: () async throws -> Void
    ) async {
        let clock = ContinuousClock()
        var backoff = ReconnectBackoff()
        var told = ""
        while !Task.isCancelled {
            let start = clock.now
            do {
                try await connect()
                changed(.connecting, nil)
            } catch  where isRefusal(error) {
                let words = hub().words(for: error)
                logger.error("the hub refuses", metadata: ["error": "\(words)"])
                changed(.unauthorized, words)
                await afterRefusal()
                continue
            } catch {
                if Task.isCancelled { return }
                // Said once for each reason, however long the hub is away.
                let words = hub().words(for: error)
                if words != told { logger.warning("no hub", metadata: ["error": "\(words)"]) }
                told = words
                changed(.connecting, words)
            }
            if clock.now - start > .seconds(10) { backoff.reset() }
            // Ends early when the task is cancelled.
            try? await Task.sleep(for: backoff.next())
        }
    }

    /// How long a hub that refuses is left alone.
    static let refusalPause = Duration.seconds(30)

    private static func isRefusal(_ error: any Error) -> Bool {
        if let error = error as? HubError { return error.cause == .refused }
        if case .refused? = error as? SocketIOError { return true }
        return false
    }
}

extension SocketIOConfiguration {
    /// The `/cli` namespace of the hub.
    init(_ hub: Configuration.Hub, _ configuration: Configuration, auth: HubAuth) throws {
        self.init(
            url: hub.url, namespace: "/cli", auth: try JSON.text(auth),
            extraHeaders: configuration.extraHeaders.map { ($0.key, $0.value) },
            additionalTrustRoots: configuration.extraTrustRoots)
    }
}

extension SocketIOConnection {
    /// Sends a versioned update until it is taken; a mismatch tells the version and the value to build
    /// on. Returns the version that stands, nil if the hub will not have it (hub contract §4.4).
    func update<Body: Encodable & Sendable>(
        _ event: String, from start: Int, at hub: Configuration.Hub, _ logger: Logger,
        isolation: isolated (any Actor)? = #isolation,
        _ body: (_ version: Int, _ current: JSONValue?) -> Body
    ) async throws -> Int? {
        var version = start
        var current: JSONValue?
        for attempt in 1...20 {
            let answer = try await emitWithAck(event, body(version, current), timeout: .seconds(10))
                .argument(0, as: VersionedUpdateAnswer.self)
            switch answer.result {
            case .success: return answer.version ?? version
            case .error:
                logger.warning(
                    "the hub refuses an update",
                    metadata: ["event": "\(event)", "reason": "\(hub.safe(answer.reason ?? "unknown"))"])
                return nil
            case .mismatch:
                version = answer.version ?? version
                current = answer.metadata ?? answer.agentState
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...(50 * attempt))))
            }
        }
        return nil
    }

    func registerMethods(_ names: [String], of owner: String) async throws {
        for name in names {
            try await emit(HubEvent.rpcRegister, RPCRegistration(method: "\(owner):\(name)"))
        }
    }
}
