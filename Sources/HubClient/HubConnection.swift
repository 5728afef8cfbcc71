import HubProtocol
import Logging
import SocketIO

/// Keeps a line to the hub for as long as the task lives.
package enum HubConnection {
    /// Why there is no line to the hub.
    package enum Trouble: Sendable {
        /// It was lost, or there was none to be had; the reason, where one is known.
        case unavailable(String?)
        /// The hub does not want us, and why.
        case refused(String)
    }

    /// Calls `connect` again and again: it returns or throws when the line is lost. `changed` hears how
    /// things stand, in words that `hub` makes safe; that the line is up is for `connect` itself to tell. A line that held for a while
    /// makes the next wait a short one again. A hub that refuses is asked again after `afterRefusal`.
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
                // Said once for each reason, however long the hub is away.
                let words = hub().words(for: error)
                if words != told { logger.warning("no hub", metadata: ["error": "\(words)"]) }
                told = words
                changed(.unavailable(words))
            }
            if clock.now - start > .seconds(10) { backoff.reset() }
            // Ends early when the task is cancelled.
            try? await Task.sleep(for: backoff.next())
        }
    }

    /// How long a hub that refuses is left alone.
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
    /// Sends a versioned update until it is taken; a mismatch tells the version and the value to build
    /// on. Returns the version that stands, nil if the hub will not have it (hub contract §4.4).
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
