import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// A runner and its hub.
@Suite(.serialized) struct HubTests {
    @Test func theHubSpawnsAndStopsASessionAndHearsOfTheEnd() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let started = try await home.hapi("runner", "start")
                #expect(started.status == 0 && started.output.contains("Connected to \(hub.url)."))
                let runner = try home.runner()
                let machine = try #require(try await hub.machine(home))
                #expect(machine["active"]?.bool == true)
                #expect(machine["runnerState"]?["status"]?.string == "running")
                #expect(machine["runnerState"]?["pid"]?.integer == Int(runner.pid))
                #expect(machine["runnerState"]?["httpPort"]?.integer == (try home.control().port))

                let answer = try await hub.call(
                    "spawn-happy-session", ["directory": .string(home.work)], of: home)
                #expect(answer["type"]?.string == "success", "\(answer)")
                let id = try #require(answer["sessionId"]?.string)
                let session = try await home.session(id)
                #expect(session.state == "running")
                let stopped = try await hub.call("stop-session", ["sessionId": .string(id)], of: home)
                #expect(stopped["status"]?.string == "stopped", "\(stopped)")
                #expect(!isAlive(session.pid ?? 0))
                #expect(try await home.list().isEmpty)
                let past = try await home.history(id)
                #expect(past.stoppedBy == "hub" && past.spawnRequest?.source == "hub")

                try await home.stopRunner()
                let last = try #require(try await hub.machine(home)?["runnerState"])
                #expect(
                    last["status"]?.string == "shutting-down" && last["shutdownSource"]?.string == "hapi-cli")
                #expect(!home.exists(home.stateFile) && !home.exists(home.lockFile))
            }
        }
    }

    @Test func theMachineIsAliveAtTheHubWithinASecond() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                let first = try await eventually("a pulse", within: .seconds(2)) {
                    try await hub.events(named: "machine-alive").first
                }
                let registered = try #require(
                    try await hub.events(named: "rpc-register").first?["at"]?.integer)
                #expect(try #require(first["at"]?.integer) - registered < 1000)
                #expect(first["data"]?["machineId"]?.string == (try home.machineID))
                #expect(first["data"]?["health"]?["cpuCount"]?.integer ?? 0 > 0)
            }
        }
    }

    @Test func theHubStopsTheRunner() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let runner = try await home.startRunner()
                let answer = try await hub.call("stop-runner", of: home)
                #expect(answer["message"]?.string?.isEmpty == false)
                try await eventually("the runner's end") { !isAlive(runner) }
                #expect(try await home.status().lastRunner?.endReason == "hapi-app")
                let state = try await hub.machine(home)?["runnerState"]
                #expect(state?["shutdownSource"]?.string == "hapi-app")
            }
        }
    }

    @Test func aFailedSpawnIsTheHubsLastSpawnErrorUntilOneSucceeds() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                let bad = try home.makeDirectory("work/bad", behaving: "exit=3")
                let answer = try await hub.call("spawn-happy-session", ["directory": .string(bad)], of: home)
                #expect(answer["type"]?.string == "error")
                #expect(answer["errorMessage"]?.string?.contains("boom") == true, "\(answer)")
                let error = try await eventually("the error at the hub") {
                    try await hub.machine(home)?["runnerState"]?["lastSpawnError"].flatMap {
                        $0.isNull ? nil : $0
                    }
                }
                #expect(error["exitCode"]?.integer == 3 && error["pid"]?.integer != nil)
                #expect(error["message"]?.string?.contains("boom") == true)
                _ = try await home.spawn("good")
                try await eventually("the error to be taken back") {
                    try await hub.machine(home)?["runnerState"]?["lastSpawnError"]?.isNull ?? true
                }
            }
        }
    }

    @Test func aProgramThatIsNotThereIsTheHubsLastSpawnErrorToo() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["HAPI_CLI_EXECUTABLE": "/nowhere/hapi"]) { home in
                try await home.startRunner()
                _ = try await hub.call("spawn-happy-session", ["directory": .string(home.work)], of: home)
                try await eventually("the error at the hub") {
                    let error = try await hub.machine(home)?["runnerState"]?["lastSpawnError"]
                    return error?["message"]?.string?.contains("/nowhere/hapi") == true
                }
            }
        }
    }

    @Test func aMissingDirectoryIsAskedFor() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                let missing: JSONValue = .string(home.work + "/new")
                let asked = try await hub.call(
                    "spawn-happy-session", ["directory": missing, "approvedNewDirectoryCreation": false],
                    of: home)
                #expect(asked == ["type": "requestToApproveDirectoryCreation", "directory": missing])
                let approved = try await hub.call(
                    "spawn-happy-session", ["directory": missing, "approvedNewDirectoryCreation": true],
                    of: home)
                #expect(approved["type"]?.string == "success", "\(approved)")
            }
        }
    }

    @Test func theWebBrowsesTheWorkspaceRootsOnly() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let project = try home.makeDirectory("work/project")
                try home.write("work/file", "text")
                try await home.startRunner([:], ["--workspace-root", home.work])
                let listing = try await hub.call("list-directory", ["path": .string(home.work)], of: home)
                #expect(listing["success"]?.bool == true)
                #expect(listing["entries"]?.array?.compactMap { $0["name"]?.string } == ["project", "file"])
                let outside = try await hub.call("list-directory", ["path": .string(home.root)], of: home)
                #expect(
                    outside["success"]?.bool == false && outside["error"]?.string?.contains("outside") == true
                )
                let paths: JSONValue = [.string(project), .string(home.work + "/file"), .string(home.root)]
                let exists = try await hub.call("path-exists", ["paths": paths], of: home)["exists"]
                #expect(exists?[project]?.bool == true)
                #expect(exists?[home.work + "/file"]?.bool == false && exists?[home.root]?.bool == false)
            }
        }
    }

    @Test func badParametersOfAHubCallGetAClearErrorAndTheRunnerLivesOn() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let runner = try await home.startRunner()
                let calls: [(String, JSONValue, String)] = [
                    ("spawn-happy-session", [:], "directory: missing"),
                    ("spawn-happy-session", ["directory": 7], "directory: a string is needed"),
                    ("spawn-happy-session", [], "an object is needed"),
                    ("stop-session", [:], "Session ID is required"),
                    ("stop-session", ["sessionId": 7], "sessionId"),
                    ("path-exists", ["paths": "/tmp"], "paths"),
                    ("stop-session", .null, "null"),
                ]
                for (method, parameters, words) in calls {
                    let error = try await hub.call(method, parameters, of: home)["error"]?.string
                    #expect(error?.contains(words) == true, "\(method) \(parameters): \(error ?? "no error")")
                }
                let store = try await hub.call("cursor-chat-store-status", of: home)
                #expect(store == ["onDisk": false, "store": .null])
                #expect(isAlive(runner))
            }
        }
    }

    @Test func aNameGivenInTheWebSurvivesANewStartAndNewWorkspaceRoots() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner([:], ["--workspace-root", home.work])
                #expect(try await hub.machine(home)?["metadata"]?["workspaceRoots"] == [.string(home.work)])
                try await hub.rename(home, to: "my machine")
                try await home.startRunner([:], ["--replace", "--workspace-root", home.root])
                var metadata = try await hub.machine(home)?["metadata"]
                #expect(metadata?["workspaceRoots"] == [.string(home.root)])
                #expect(metadata?["displayName"]?.string == "my machine")
                // The hub no longer has the roots, but still the name.
                try await home.startRunner([:], ["--replace"])
                metadata = try await hub.machine(home)?["metadata"]
                #expect(metadata?["workspaceRoots"]?.array?.isEmpty ?? true)
                #expect(metadata?["displayName"]?.string == "my machine")
            }
        }
    }
}
