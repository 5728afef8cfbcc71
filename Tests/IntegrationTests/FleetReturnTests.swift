import Glibc
import HubClient
import HubProtocol
import Logging
import NIOPosix
import RunnerTestSupport
import SocketIO
import Synchronization
import Testing

@testable import Home

/// Many connections to one hub through an outage, with the code that runners use to reconnect.
@Suite(.serialized) struct FleetReturnTests {
    private static let count = getenv("ROUNDS") == nil ? 50 : 200
    private static let outage = Duration.seconds(3)

    private final class Fleet: Sendable {
        let connected = Mutex(Set<Int>())
        let attempts = Mutex(0)

        var size: Int { connected.withLock(\.count) }
    }

    @Test(.timeLimit(.minutes(3))) func aFleetIsBackSoonAfterAShortOutage() async throws {
        try await TestHub.with { hub in
            let fleet = Fleet()
            let configuration = try Configuration(
                environment: ["HOME": "/nowhere", "HAPI_API_URL": hub.url, "CLI_API_TOKEN": hub.token],
                home: RunnerHome(environment: ["HOME": "/nowhere"]), settings: Settings([:]))
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<Self.count {
                    group.addTask { await keep(number, fleet, configuration) }
                }
                try await eventually("a whole fleet", within: .seconds(60)) { fleet.size == Self.count }
                try await hub.stop()
                try await eventually("a hub that is gone") { fleet.size == 0 }
                try await Task.sleep(for: Self.outage)
                try await hub.startAgain()
                fleet.attempts.withLock { $0 = 0 }
                let back = ContinuousClock.now
                try await eventually("half a fleet", within: .seconds(60)) { 2 * fleet.size >= Self.count }
                let half = ContinuousClock.now - back
                try await eventually("a whole fleet", within: .seconds(60)) { fleet.size == Self.count }
                let attempts = fleet.attempts.withLock(\.self)
                print(
                    "fleet: \(Self.count) back after \(ContinuousClock.now - back), half after \(half), in \(attempts) attempts"
                )
                group.cancelAll()
                while let result = await group.nextResult() { _ = result }
            }
        }
    }

    private func keep(_ number: Int, _ fleet: Fleet, _ configuration: Configuration) async {
        guard let hub = configuration.hub else { return }
        var logger = Logger(label: "fleet")
        logger.logLevel = .critical
        await HubConnection.keep(
            { hub }, logger, changed: { _ in },
            connect: { try await connect(number, fleet, configuration, logger) })
    }

    /// Like a runner: registers the machine first, then connects the socket.
    private func connect(
        _ number: Int, _ fleet: Fleet, _ configuration: Configuration, _ logger: Logger
    ) async throws {
        guard let hub = configuration.hub else { return }
        fleet.attempts.withLock { $0 += 1 }
        let id = "00000000-0000-4000-8000-\(String(1_000_000_000_000 + number).suffix(12))"
        let registration = MachineRegistration(
            id: id, metadata: MachineMetadata(configuration), runnerState: nil)
        _ = try await HubREST.with(hub) { try await $0.register(registration) }
        try await SocketIOClient.withConnection(
            SocketIOConfiguration(hub, auth: .machine(id, token: hub.token)),
            on: MultiThreadedEventLoopGroup.singleton, logger: logger
        ) { connection in
            fleet.connected.withLock { _ = $0.insert(number) }
            _ = await connection.closed()
            fleet.connected.withLock { _ = $0.remove(number) }
        }
    }
}
