import HubProtocol
import RunnerTestSupport
import Testing

/// `hapi auth login`: saves only what the hub accepts; a running runner picks it up.
@Suite(.serialized) struct LoginTests {
    private static let bare = ["HAPI_API_URL": "", "CLI_API_TOKEN": ""]

    private func login(_ home: TestHome, _ token: String, _ arguments: String = "") async throws -> Finished {
        let line = "echo \(token) | \(Paths.program) auth login --with-token \(arguments)"
        let child = try home.start(["/bin/sh", "-c", line], Self.bare)
        let status = try await child.ended(within: .seconds(30))
        return Finished(status: status, output: child.output, errors: child.errors)
    }

    @Test func aLoginKeepsTheHubAndTheTokenForEveryLaterShell() async throws {
        try await TestHub.with { hub in
            try await TestHome.with { home in
                let done = try await login(home, hub.token, "--hub \(hub.url)")
                #expect(done.status == 0 && done.output.contains("Connected to \(hub.url) as "), "\(done)")
                let settings = try JSONValue(json: home.text(home.settings) ?? "")
                #expect(settings["apiUrl"]?.string == hub.url && settings["cliApiToken"]?.string == hub.token)
                let started = try await home.hapi("runner", "start", changes: Self.bare)
                #expect(started.output.contains("Connected to \(hub.url)"), "\(started)")
            }
        }
    }

    @Test func aWrongTokenIsRefusedOnTheSpotAndNotStored() async throws {
        try await TestHub.with { hub in
            try await TestHome.with { home in
                let done = try await login(home, "wrong", "--hub \(hub.url)")
                #expect(done.status == 1 && done.errors.contains("nothing was stored"), "\(done)")
                #expect(!done.errors.contains("wrong") && !home.exists(home.settings), "\(done)")
            }
        }
    }

    @Test func aHubThatIsAwayIsStoredUntried() async throws {
        try await TestHome.with { home in
            let done = try await login(home, "secret", "--hub http://127.0.0.1:9")
            #expect(done.status == 0 && done.output.contains("was not tried"), "\(done)")
            #expect(try JSONValue(json: home.text(home.settings) ?? "")["apiUrl"] == "http://127.0.0.1:9")
        }
    }

    @Test func aRunningRunnerTakesTheLoginUpAndKeepsItsFlagsAndSessions() async throws {
        try await TestHub.with { hub in
            try await TestHome.with { home in
                let first = try await home.startRunner(
                    ["HAPI_HOSTNAME": "mill"], ["--workspace-root", home.work])
                let session = try await home.process(of: try await home.spawn("one"))
                let done = try await login(home, hub.token, "--hub \(hub.url)")
                #expect(done.status == 0, "\(done)")
                #expect(try home.runner() != first && isAlive(session))
                #expect(try await home.status().runner?.hubState == "connected")
                #expect(try home.state()["startedWithArgv"]?.array?.last?.string == home.work)
                #expect(try await hub.machine(home)?["metadata"]?["host"] == "mill")
                #expect(try await login(home, hub.token).output.contains("uses them already"))
            }
        }
    }
}
