import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// TCP, TLS and upgrade. The protocol machine does the rest: the Engine.IO open and the namespace.
extension ConnectionHandler {
    /// Enough for the largest message in fragments of a few kilobytes, as servers send them; bounds the cost
    /// of tiny fragments.
    private static let maximumFragments = 1 << 16

    /// Starts connecting. `reply` gets the result when the namespace is connected or the connection has
    /// failed.
    func open(_ reply: Reply<Void>) {
        if case .ended(let reason) = machine.stage { return reply.resume(returning: .failure(reason)) }
        opening = reply
        deadline = schedule(in: setup.configuration.handshakeTimeout) { $0.deadlinePassed() }
        connect()
    }

    private func deadlinePassed() {
        let time = setup.configuration.handshakeTimeout
        end(.handshakeTimedOut(url: setup.endpoint.description, waitingFor: missingStep, after: time))
    }

    private var missingStep: String {
        if channels.isEmpty || !channels.contains(where: \.isActive) {
            return setup.configuration.proxy.map { "the connection to the proxy \($0.name)" }
                ?? "the TCP connection"
        }
        if context == nil {
            return setup.tls == nil ? "the WebSocket upgrade" : "TLS and the WebSocket upgrade"
        }
        return switch machine.stage {
        case .awaitingOpen: "the Engine.IO handshake"
        default: "the namespace \(machine.namespace)"
        }
    }

    private func connect() {
        guard let bootstrap = ClientBootstrap(validatingGroup: eventLoop) else {
            return end(.invalidConfiguration(reason: "the event loop group is not of a usable kind"))
        }
        let (bound, proxy) = (NIOLoopBound(self, eventLoop: eventLoop), setup.configuration.proxy)
        bootstrap
            // Later than our own deadline, whose error is more specific.
            .connectTimeout(TimeAmount(setup.configuration.handshakeTimeout + .seconds(1)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try bound.value.track(channel) }
            }
            .connect(host: proxy?.host ?? setup.endpoint.host, port: proxy?.port ?? setup.endpoint.port)
            .assumeIsolated()
            .whenComplete { self.connectionAttempted($0) }
    }

    /// A host with several addresses leads to several channels, all of which must be closed at the end.
    private func track(_ channel: any Channel) throws {
        if case .ended(let reason) = machine.stage { throw reason }
        channels.append(channel)
    }

    private func connectionAttempted(_ result: Result<any Channel, any Error>) {
        switch result {
        case .success(let channel) where hasEnded:
            channel.close(promise: nil)
        case .success(let channel):
            channels = [channel]
            endIfFailed { try tunnel(channel.pipeline.syncOperations) }
        case .failure(let error):
            if let proxy = setup.configuration.proxy {
                return end(TransportFailure.reaching(proxy, error, for: setup.endpoint))
            }
            endIfFailed { throw error }
        }
    }

    /// Opens a tunnel through the proxy, if there is one, and continues.
    private func tunnel(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        guard let proxy = setup.configuration.proxy else { return try open(pipeline) }
        let tunnel = ProxyTunnel(to: setup.endpoint, through: proxy) { result in
            switch result {
            case .success: self.endIfFailed { try self.open(pipeline) }
            case .failure(let error):
                self.end(TransportFailure.reaching(proxy, error, for: self.setup.endpoint))
            }
        }
        try pipeline.addHandler(tunnel)
        try tunnel.begin(pipeline)
    }

    /// TLS if configured, then HTTP.
    private func open(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        guard let tls = setup.tls else { return try upgrade(pipeline) }
        // Without a name, the certificate is verified against the connected address.
        let name = setup.endpoint.isAddress ? nil : setup.endpoint.host
        let gate = TLSGate(setup.endpoint) { result in
            self.endIfFailed {
                try result.get()
                try self.upgrade(pipeline)
            }
        }
        try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        try pipeline.addHandler(gate)
    }

    /// HTTP until the upgrade, which replaces it by WebSocket.
    private func upgrade(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        let encoder = HTTPRequestEncoder()
        // The server's first packet may arrive together with its 101; these bytes must go on to the
        // WebSocket.
        let decoder = ByteToMessageHandler(HTTPResponseDecoder(leftOverBytesStrategy: .forwardBytes))
        let gate = UpgradeGate()
        let upgrade = NIOTypedHTTPClientUpgradeHandler(
            httpHandlers: [encoder, decoder, gate], upgradeConfiguration: upgradeConfiguration())
        try pipeline.addHandlers([encoder, decoder, gate, upgrade])
        upgrade.upgradeResultFuture.assumeIsolated().whenFailure { error in
            self.endIfFailed { throw error }
        }
    }

    private func endIfFailed(_ step: () throws -> Void) {
        do {
            try step()
        } catch {
            end(TransportFailure.opening(error, at: setup.endpoint))
        }
    }

    private func upgradeConfiguration() -> NIOTypedHTTPClientUpgradeConfiguration<Void> {
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let upgrader = NIOTypedWebSocketClientUpgrader(
            maxFrameSize: setup.configuration.maximumPayloadSize,
            enableAutomaticErrorHandling: false
        ) { channel, _ in
            channel.eventLoop.makeCompletedFuture { try bound.value.join(channel.pipeline.syncOperations) }
        }
        return NIOTypedHTTPClientUpgradeConfiguration(
            upgradeRequestHead: setup.request, upgraders: [upgrader]
        ) { channel in
            // UpgradeGate rejects all other answers before they get here.
            channel.eventLoop.makeFailedFuture(NIOHTTPClientUpgradeError.upgraderDeniedUpgrade)
        }
    }

    private func join(_ pipeline: ChannelPipeline.SynchronousOperations) throws {
        if case .ended(let reason) = machine.stage { throw reason }
        try pipeline.addHandler(
            NIOWebSocketFrameAggregator(
                minNonFinalFragmentSize: 0,
                maxAccumulatedFrameCount: Self.maximumFragments,
                maxAccumulatedFrameSize: setup.configuration.maximumPayloadSize))
        try pipeline.addHandler(self)
    }
}
