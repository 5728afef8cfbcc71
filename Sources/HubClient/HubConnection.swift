import HubProtocol
import Logging
import SocketIO

/// Keeps a connection to the hub for as long as the task runs.
package enum HubConnection {
    /// Why there is no connection to the hub.
    package enum Trouble: Sendable {
        /// It was lost or could not be opened; with the reason if known.
        case unavailable(String?)
        /// The hub refuses, with the reason.
        case refused(String)
    }

    /// Calls `connect` repeatedly; it returns or throws when the connection is lost. `changed` gets the
    /// trouble, redacted by `hub`; `connect` itself reports success. The wait starts short again after a
    /// connection that lasted. After a refusal it is `afterRefusal`.
    package static func keep(
        _ hub: () -> Hub, _ logger: Logger, isolation: isolated (any Actor)? = #isolation,
        changed: (Trouble) -> Void,
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
                changed(.unavailable(nil))
            } catch  where isRefusal(error) {
                let words = hub().words(for: error)
                logger.error("the hub refuses", metadata: ["error": "\(words)"])
                changed(.refused(words))
                await afterRefusal()
                continue
            } catch {
                if Task.isCancelled { return }
                // Logged once per reason, however long the hub is away.
                let words = hub().words(for: error)
                if words != told { logger.warning("no hub", metadata: ["error": "\(words)"]) }
                told = words
                changed(.unavailable(words))
            }
            if clock.now - start > .seconds(10) { backoff.reset() }
            // The sleep fails only when cancelled, which ends the loop.
            try? await Task.sleep(for: backoff.next())
        }
    }

    /// How long to wait after a refusal.
    package static let refusalPause = Duration.seconds(30)

    private static func isRefusal(_ error: any Error) -> Bool {
        if let error = error as? HubError { return error.cause == .refused }
        if case .refused? = error as? SocketIOError { return true }
        return false
    }
}

extension SocketIOConfiguration {
    /// The `/cli` namespace of the hub.
    package init(_ hub: Hub, auth: HubAuth) throws {
        self.init(
            url: hub.url, namespace: "/cli", auth: try JSON.text(auth),
            extraHeaders: hub.extraHeaders.map { ($0.key, $0.value) },
            additionalTrustRoots: hub.extraTrustRoots,
            proxy: try Proxy.find(for: hub.url, environment: hub.proxies))
    }
}

extension SocketIOConnection {
    /// Sends a versioned update until the hub accepts it. On a mismatch, rebuilds it from the version and
    /// value that the hub answers. Returns the current version; nil if the hub refuses (hub contract §4.4).
    package func update<Body: Encodable & Sendable>(
        _ event: String, from start: Int, at hub: Hub, _ logger: Logger,
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

    package func registerMethods(_ names: [String], of owner: String) async throws {
        for name in names {
            try await emit(HubEvent.rpcRegister, RPCRegistration(method: "\(owner):\(name)"))
        }
    }
}
