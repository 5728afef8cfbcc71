import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// `hapi [AGENT] [ARGS]`, with a stand-in for the agent.
@Suite(.serialized) struct SessionProcessTests {
    private static let own = ["HAPI_CLI_EXECUTABLE": Paths.program]

    @Test func aSessionOfTheRunnersIsARowAtTheHubThatTheWebCanEnd() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, Self.own) { home in
                try home.installAgent("claude", "exec sleep 1000")
                try await home.startRunner()
                let answer = try await hub.call(
                    "spawn-happy-session", ["directory": .string(home.work)], of: home)
                let id = try #require(answer["sessionId"]?.string, "\(answer)")
                let row = try await eventually("the session's pulse at the hub") {
                    try await hub.session(id).flatMap { $0["active"]?.bool == true ? $0 : nil }
                }
                #expect(row["metadata"]?["path"]?.string == home.work)
                #expect(row["metadata"]?["flavor"]?.string == "claude")
                #expect(row["metadata"]?["startedBy"]?.string == "runner")
                #expect(row["metadata"]?["machineId"]?.string == (try home.machineID))
                let process = try await home.process(of: id)
                #expect(row["metadata"]?["hostPid"]?.integer == Int(process.pid))

                let killed = try await hub.call("killSession", of: id)
                #expect(killed["success"]?.bool == true)
                try await eventually("the session's end") { !isAlive(process) }
                let last = try #require(try await hub.session(id))
                #expect(last["metadata"]?["lifecycleState"]?.string == "archived")
                #expect(last["metadata"]?["archivedBy"]?.string == "cli")
                #expect(last["ended"]?["reason"]?.string == "terminated")
                #expect(try await home.ending(of: id).code == 0)
            }
        }
    }

    @Test func theAgentsStatusIsPassedOnAndRecorded() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try home.installAgent("claude", "echo \"agent $*\"; exit ${1:-0}")
                let failed = try await home.hapi("claude", "7", in: home.work)
                #expect(failed.status == 7 && failed.output == "agent 7\n", "\(failed)")
                let completed = try await home.hapi(in: home.work)
                #expect(completed.status == 0, "\(completed)")
                let past = try await home.list(all: true)
                #expect(past.map(\.exit?.code) == [7, 0])
                #expect(past.allSatisfy { $0.startedBy == "hapi directly - likely by user from terminal" })
                for (session, reason) in zip(past, ["error", "completed"]) {
                    let row = try await hub.session(session.happySessionId ?? "")
                    #expect(row?["ended"]?["reason"]?.string == reason)
                    #expect(row?["metadata"]?["lifecycleState"]?.string == "archived")
                }
            }
        }
    }

    @Test func aSignalIsPassedOnToTheAgent() async throws {
        try await TestHome.with { home in
            try home.installAgent(
                "claude", "trap 'echo told; exit 5' TERM; echo ready; while :; do sleep 0.05; done")
            let session = try home.launch(["claude"], in: home.work)
            #expect(try await session.firstLine() == "ready")
            session.signal(SIGTERM)
            #expect(try await session.ended() == 5)
            #expect(session.output.contains("told"))
        }
    }

    @Test func anAgentThatIsKilledGivesTheShellsStatus() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "kill -9 $$")
            #expect(try await home.hapi("claude", in: home.work).status == 137)
            #expect(try await home.list(all: true).first?.exit?.signal == "SIGKILL")
        }
    }

    @Test func withoutAHubASessionWorks() async throws {
        try await TestHome.with(nil, Self.own) { home in
            try home.installAgent("codex", "exec sleep 1000")
            try await home.startRunner()
            let id = try await home.spawn("one", ["agent": "codex"])
            let process = try await home.process(of: id)
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            #expect(!isAlive(process))
        }
    }

    @Test func aHubThatIsOutOfReachKeepsNobodyFromWorking() async throws {
        try await TestHub.with { hub in
            try await hub.stop()
            try await TestHome.with(hub) { home in
                try home.installAgent("claude", "echo worked")
                let finished = try await home.hapi("claude", in: home.work)
                #expect(finished.status == 0 && finished.output == "worked\n", "\(finished)")
                #expect(finished.errors.contains(hub.url))
            }
        }
    }

    @Test func aHubThatRefusesTheTokenKeepsNobodyFromWorking() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["CLI_API_TOKEN": "wrong"]) { home in
                try home.installAgent("claude", "echo worked; exit 3")
                let finished = try await home.hapi("claude", in: home.work)
                #expect(finished.status == 3 && finished.output == "worked\n", "\(finished)")
                #expect(finished.errors.contains("continuing offline"), "\(finished)")
                #expect(finished.errors.contains("hapi auth login"), "\(finished)")
            }
        }
    }

    @Test func anExistingSessionThatTheHubDoesNotKnowIsAClearError() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try home.installAgent("codex", "echo started")
                let unknown = "0bd1e4c6-5a1f-4e0e-9f57-3f5a7c0c2a13"
                let finished = try await home.hapi("codex", "--existing-session-id", unknown, in: home.work)
                #expect(finished.status == 1)
                #expect(
                    finished.errors.contains(unknown) && finished.errors.contains("not found"), "\(finished)")
                #expect(finished.output.isEmpty)
                #expect(try await home.list(all: true).isEmpty)
            }
        }
    }

    @Test func anExistingSessionIsCarriedOnUnderItsID() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, Self.own) { home in
                try home.installAgent("codex", "exec sleep 1000")
                try await home.startRunner()
                let id = try await home.spawn("one", ["agent": "codex"])
                #expect(try await home.hapi("runner", "stop-session", id).status == 0)
                let parameters: [String: JSONValue] = ["agent": "codex", "existingSessionId": .string(id)]
                #expect(try await home.spawn("one", parameters) == id)
                try await eventually("the row to be running again") {
                    try await hub.session(id)?["metadata"]?["lifecycleState"]?.string == "running"
                }
                #expect(try await hub.state()["sessions"]?.object?.count == 1)
            }
        }
    }

    @Test func theSettingsNameAnAgentsProgram() async throws {
        try await TestHome.with { home in
            try home.installAgent("elsewhere", "echo \"$HAPI_SESSION_ID $*\"")
            try home.writeSettings(#"{"agentPrograms":{"codex":"\#(home.root)/bin/elsewhere"},"other":1}"#)
            let finished = try await home.hapi("codex", "--yolo", "--model", "o3", in: home.work)
            let session = try #require(try await home.list(all: true).first)
            let arguments = "--dangerously-bypass-approvals-and-sandbox --model o3"
            #expect(finished.output == "\(session.happySessionId ?? "") \(arguments)\n", "\(finished)")
            #expect(try JSONValue(json: home.text(home.settings) ?? "")["other"]?.integer == 1)
        }
    }

    @Test func anAgentThatIsNotInstalledIsAClearError() async throws {
        try await TestHome.with { home in
            let finished = try await home.hapi(
                "opencode", changes: ["PATH": home.root + "/bin"], in: home.work)
            #expect(finished.status == 1)
            #expect(finished.errors.contains("opencode") && finished.errors.contains("agentPrograms"))
            #expect(try await home.list(all: true).isEmpty)
        }
    }

    @Test func aSessionFromATerminalBringsTheRunnerUp() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "exec sleep 1000")
            let session = try home.launch(["claude"], in: home.work)
            try await eventually("the session on record") { try await home.list().first?.state == "running" }
            let runner = try home.runner()
            #expect(try await home.control().post("list").body["children"]?.array?.count == 1)
            // It is reparented, and outlives the session.
            #expect(try await home.hapi("runner", "stop-session", "PID-\(session.pid)").status == 0)
            #expect(try await session.ended() == 143)
            #expect(isAlive(runner))
        }
    }

    @Test func theSettingsKeepASessionFromBringingTheRunnerUp() async throws {
        try await TestHome.with { home in
            try home.installAgent("claude", "echo worked")
            try home.writeSettings(#"{"runnerAutoStartWhenRunningHappy":false}"#)
            #expect(try await home.hapi("claude", in: home.work).output == "worked\n")
            #expect(try await !home.status().running)
            #expect(try await home.list(all: true).first?.exit?.code == 0)
        }
    }
}
