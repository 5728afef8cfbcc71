import FoundationEssentials
import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Inherited signal dispositions and masks, and what child processes inherit of them.
@Suite(.serialized) struct SignalTests {
    /// As started by a parent that ignores SIGCHLD.
    private static func ignoringChildren(_ command: String) -> [String] {
        ["/bin/sh", "-c", "trap '' CHLD; exec \(Paths.program) \(command)"]
    }

    @Test func anAgentsExitCodeIsKnownWhereTheParentIgnoresSIGCHLD() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "exit 7")
            let session = try home.start(Self.ignoringChildren("claude"), in: home.work)
            #expect(try await session.ended(within: .seconds(60)) == 7, "\(session.errors)")
            #expect(try await home.list(all: true).map(\.exit?.code) == [7])
        }
    }

    @Test func aRunnerStartedByAParentThatIgnoresSIGCHLDRecordsExitCodes() async throws {
        try await TestHome.with { home in
            let start = try home.start(Self.ignoringChildren("runner start"))
            #expect(try await start.ended(within: .seconds(60)) == 0, "\(start.errors)")
            let id = try await home.spawn("exiting", behaving: "exit-after=7")
            #expect(try await home.ending(of: id).code == 7)
        }
    }

    @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
    func whoFollowsALogIsEndedByASignal(signal: Int32) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let follower = try home.launch(["runner", "logs", "-f"])
            try await eventually("the log") { !follower.output.isEmpty }
            follower.signal(signal)
            #expect(try await follower.ended(within: .seconds(30)) == 128 + signal)
        }
    }

    @Test func aSessionThatHasNoAgentYetCanBeInterrupted() async throws {
        let hub = try SilentHub()
        let variables = ["HAPI_API_URL": "http://127.0.0.1:\(hub.port)", "CLI_API_TOKEN": "token"]
        try await TestHome.with(nil, variables) { home in
            try home.installAgent("claude", "exec sleep 60")
            try home.writeSettings(#"{"runnerAutoStartWhenRunningHappy": false}"#)
            let session = try home.launch(["claude"], in: home.work)
            try await eventually("its call") { hub.isCalled }
            session.signal(SIGINT)
            #expect(try await session.ended(within: .seconds(30)) == 128 + SIGINT, "\(session.errors)")
        }
    }
}

/// A hub that accepts connections and never answers.
private final class SilentHub: Sendable {
    let port: Int
    private let listener: Int32

    init() throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = listener
        let bound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, $0, &size) == 0
            }
        }
        try #require(bound)
        port = Int(UInt16(bigEndian: address.sin_port))
    }

    deinit { close(listener) }

    var isCalled: Bool {
        var waiting = pollfd(fd: listener, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 0) == 1
    }
}
