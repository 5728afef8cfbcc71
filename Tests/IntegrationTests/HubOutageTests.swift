import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// A hub that is unreachable, refuses, or comes back.
@Suite(.serialized) struct HubOutageTests {
    @Test func aHubThatIsDownAtTheStartIsConnectedToLater() async throws {
        try await TestHub.with { hub in
            try await hub.stop()
            try await TestHome.with(hub) { home in
                let started = try await home.hapi("runner", "start")
                #expect(started.status == 0, "\(started)")
                #expect(started.output.contains("cannot be reached; retrying"))
                #expect(try await home.status().runner?.hubState == "connecting")
                _ = try await home.spawn("without-hub")
                try await hub.startAgain()
                try await expectConnected(home, hub)
            }
        }
    }

    @Test func afterAHubsRestartTheMachineIsThereAgain() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                try await hub.stop()
                try await eventually("the loss to be noticed") {
                    try await home.status().runner?.hubState == "connecting"
                }
                // It has lost all its rows meanwhile.
                try await hub.startAgain()
                try await expectConnected(home, hub)
            }
        }
    }

    @Test func aDroppedConnectionIsMadeAnew() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                let first = try await hub.state()["sockets"]?.array?.first?["sid"]?.string
                try await hub.dropConnections()
                try await eventually("another socket") {
                    let socket = try await hub.state()["sockets"]?.array?.first?["sid"]?.string
                    return socket != nil && socket != first
                }
                try await expectConnected(home, hub)
                #expect(try await hub.state()["sockets"]?.array?.count == 1)
            }
        }
    }

    @Test func aSilentHubIsNoticedByItsMissingPings() async throws {
        try await TestHub.with(["--ping-interval", "1", "--ping-timeout", "1"]) { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                try await hub.set(["hang": true])
                try await eventually("the silence to be noticed") {
                    try await home.status().runner?.hubState == "connecting"
                }
                try await hub.set(["hang": false])
                try await expectConnected(home, hub)
            }
        }
    }

    @Test func aWrongTokenLeavesARunnerThatSaysSo() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let started = try await home.hapi("runner", "start", changes: ["CLI_API_TOKEN": "wrong"])
                #expect(started.status == 69, "\(started)")
                #expect(started.errors.contains("CLI_API_TOKEN") && !started.errors.contains("wrong"))
                let status = try await home.status()
                #expect(status.running && status.runner?.hubState == "unauthorized")
                #expect(try await home.control().post("list").status == 200)
                // Still the same after a moment.
                #expect(
                    try await home.hapi("runner", "start", changes: ["CLI_API_TOKEN": "wrong"]).status == 69)
            }
        }
    }

    private func expectConnected(
        _ home: TestHome, _ hub: TestHub, location: SourceLocation = #_sourceLocation
    ) async throws {
        try await eventually("the connection", within: .seconds(20), location) {
            try await home.status().runner?.hubState == "connected"
        }
        let state = try await hub.machine(home)?["runnerState"]
        #expect(state?["status"]?.string == "running", sourceLocation: location)
        #expect(state?["pid"]?.integer == Int(try home.runner().pid), sourceLocation: location)
        let exists = try await hub.call("path-exists", ["paths": ["/tmp"]], of: home)
        #expect(exists["exists"]?["/tmp"]?.bool == true, sourceLocation: location)
    }
}
