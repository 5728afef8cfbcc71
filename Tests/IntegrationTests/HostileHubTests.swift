import Glibc
import Home
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

@testable import HubClient
@testable import Runner

/// A broken or hostile hub, in one way per test. The runner stays alive and small, answers its control server
/// meanwhile, and connects once the hub behaves.
@Suite struct HostileHubTests {
    private static let span = getenv("ROUNDS") == nil ? Duration.milliseconds(300) : .seconds(10)
    private static let mostKiB = 192 << 10

    @Test(arguments: [
        "html", "wide-row", "silence", "nothing", "no-machine", "deep-answer", "deep-row", "too-deep-row",
        "compressed",
        "endless-body", "endless-chunk", "huge-body", "drip", "half-a-body", "bad-chunks", "two-lengths",
        "endless-head", "endless-header", "endless-continue", "no-http", "redirect", "echo-error",
    ])
    func aHostileAnswerToARESTCallIsSurvived(mischief: String) async throws {
        try await survive(mischief)
    }

    @Test(
        .timeLimit(.minutes(1)),
        arguments: ["silence", "drip", "half-a-body", "endless-continue", "endless-head"])
    func anAnswerThatDoesNotEndIsNotAwaitedForEver(mischief: String) async throws {
        try await TestHub.with { hub in
            try await hub.set(["mischief": .string(mischief)])
            let environment = ["HOME": "/nowhere", "HAPI_API_URL": hub.url, "CLI_API_TOKEN": hub.token]
            let configuration = try Configuration.load(environment: environment)
            let rest = try HubREST(
                try #require(configuration.hub), patience: .milliseconds(500))
            await #expect {
                try await rest.session("any")
            } throws: {
                "\($0)".hasPrefix("cannot load session any at \(hub.url): ")
            }
            await rest.shutdown()
        }
    }

    @Test(arguments: [
        "no-upgrade", "no-open", "no-connect", "ends-amid-a-frame", "ends-amid-attachments", "huge-frame",
        "big-frame", "unfinished-frame", "endless-fragments", "empty-fragments", "unasked-extension",
        "deep-json", "many-arguments", "no-end-of-attachments", "countless-attachments", "echo-goodbye",
    ])
    func aHostileWebSocketIsSurvived(mischief: String) async throws { try await survive(mischief) }

    @Test(arguments: [
        "ack-before-connect", "event-before-connect", "connect-before-open", "second-open", "second-connect",
        "stray-attachment", "packet-amid-attachments", "noops", "pings", "websocket-pings", "events",
    ])
    func packetsOutOfOrderAndFloodsAreSurvived(mischief: String) async throws { try await survive(mischief) }

    @Test(arguments: [
        "no-acks", "acks-twice", "wrong-ids", "wrong-types", "empty-acks", "deep-acks", "mismatch-for-ever",
        "wide-acks", "big-calls",
    ])
    func acknowledgementsThatAreNoneAreSurvived(mischief: String) async throws { try await survive(mischief) }

    @Test func hostileCallsOnTheWireAreAllAnswered() async throws {
        try await survive("calls") { home, hub in
            try await eventually("an answer to each call", within: .seconds(30)) {
                try await hub.state()["mischief"]?["allAnswered"]?.bool == true
            }
            #expect(try await home.list(all: true).isEmpty)
        }
    }

    /// The hub's refusal is stored and shown, but truncated and without the token.
    @Test(arguments: ["echo", "echo-text", "echo-refusal"])
    func aRefusalThatRepeatsTheTokenIsToldWithoutIt(mischief: String) async throws {
        let token = "hub-token-5c1e8a"
        try await TestHub.with { hub in
            try await hub.set(["acceptToken": .string(token), "mischief": .string(mischief)])
            try await TestHome.with(hub, ["CLI_API_TOKEN": token + ":space"]) { home in
                let started = try await home.hapi("runner", "start")
                #expect(started.status == 69, "\(started)")
                #expect(started.errors.contains("…") && started.errors.utf8.count < 2000, "\(started)")
                let detail = try await home.inStore("SELECT hub_detail FROM runners")
                for text in ["\(started)", detail, home.logText] {
                    #expect(!text.contains(token.prefix(8)) && text.contains("refuse"), "\(text)")
                }
            }
        }
    }

    @Test func theTokenDoesNotFollowARedirect() async throws {
        try await TestHub.with { other in
            try await TestHub.with { hub in
                try await hub.set(["mischief": "redirect", "elsewhere": .string(other.url)])
                try await TestHome.with(hub) { home in
                    try await home.startRunner([:], ["--no-wait"])
                    try await eventually("a second attempt") { try await met(hub) > 1 }
                    #expect(try await other.state()["requests"] == [])
                    let status = try await home.hapi("runner", "status").output
                    #expect(status.contains("it redirects (status 307)"), "\(status)")
                }
            }
        }
    }

    // MARK: Procedure

    /// Exposes the runner to the misbehaving hub, then to a normal one.
    private func survive(
        _ mischief: String, _ meanwhile: (TestHome, TestHub) async throws -> Void = { _, _ in }
    ) async throws {
        // The home first, because homes are limited in number and each hub is a process too.
        try await TestHome.with { home in
            try await TestHub.with { hub in
                try await hub.set(["mischief": .string(mischief)])
                let environment = ["HAPI_API_URL": hub.url, "CLI_API_TOKEN": hub.token]
                let runner = try await home.startRunner(environment, ["--no-wait"])
                let control = try home.control()
                try await eventually("the hub's mischief") { try await met(hub) > 0 }
                try await always("an answer of the control server", for: Self.span) {
                    try await control.post("list").status == 200
                }
                try await meanwhile(home, hub)
                try await hub.set(["mischief": .null])
                try await eventually("the connection", within: .seconds(30)) {
                    try await hub.reaches(home)
                }
                #expect(try home.runner() == runner && isAlive(runner))
                let most = mostResidentKiB(runner.pid)
                print("hostile hub: \(mischief): \(most) KiB at most")
                #expect(most < Self.mostKiB)
                try await home.stopRunner()
            }
        }
    }

    private func met(_ hub: TestHub) async throws -> Int {
        try await hub.state()["mischief"]?["met"]?.integer ?? 0
    }
}

extension TestHub {
    fileprivate func reaches(_ home: TestHome) async throws -> Bool {
        guard let machine = try home.machineID else { return false }
        return try await rpc("\(machine):path-exists", ["paths": ["/tmp"]])["result"]?["exists"]?["/tmp"]
            == true
    }
}
