import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// What a spawn request may contain, and repeated requests.
@Suite(.serialized) struct SpawnRequestTests {
    @Test func aMissingDirectoryNeedsApproval() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let missing = home.work + "/new/deep"
            let asked = try await home.control().post(
                "spawn-session", ["directory": .string(missing), "approvedNewDirectoryCreation": false])
            #expect(asked.status == 409)
            #expect(
                asked.body == [
                    "success": false, "requiresUserApproval": true, "actionRequired": "CREATE_DIRECTORY",
                    "directory": .string(missing),
                ])
            let refused = try await home.hapi("runner", "spawn", missing)
            #expect(refused.status == 2 && refused.errors.contains("--create-directory"))
            #expect(!home.exists(missing))
            let approved = try await home.hapi("runner", "spawn", missing, "--create-directory")
            #expect(approved.status == 0, "\(approved)")
            #expect(try await home.list().first?.directory == missing)
        }
    }

    @Test func aDirectoryIsCreatedWhereTheRequestSaysNothingOfIt() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let answer = try await home.control().post(
                "spawn-session", ["directory": .string(home.work + "/made")])
            #expect(answer.status == 200 && answer.body["approvedNewDirectoryCreation"]?.bool == true)
            #expect(home.exists(home.work + "/made"))
        }
    }

    @Test func whatCannotBeADirectoryIsRefusedAndNothingStarts() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try home.write("work/file", "")
            symlink("/nowhere", home.work + "/dangling")
            for directory in [home.work + "/file", home.work + "/dangling", "relative", ""] {
                let answer = try await home.control().post("spawn-session", ["directory": .string(directory)])
                #expect(answer.status == 500, "\(directory)")
                #expect(answer.body["error"]?.string?.isEmpty == false)
            }
            #expect(try await home.list(all: true).isEmpty)
        }
    }

    @Test func outsideTheWorkspaceRootsNothingStarts() async throws {
        try await TestHome.with { home in
            let root = try home.makeDirectory("work/inside")
            symlink(home.root, root + "/out")
            try await home.startRunner([:], ["--workspace-root", root])
            for directory in [home.work, root + "/../..", root + "/out/work"] {
                let answer = try await home.control().post("spawn-session", ["directory": .string(directory)])
                #expect(answer.status == 500)
                #expect(answer.body["error"]?.string?.contains("outside") == true, "\(answer)")
            }
            let answer = try await home.control().post("spawn-session", ["directory": .string(root)])
            #expect(answer.status == 200)
        }
    }

    @Test func aRepeatedRequestGetsTheFirstAnswer() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let request: JSONValue = ["directory": .string(home.work), "requestId": "the-same"]
            let control = try home.control()
            let answers = try await atOnce(6) { _ in try await control.post("spawn-session", request) }
            let ids = Set(answers.map { $0.body["sessionId"]?.string })
            #expect(answers.allSatisfy { $0.status == 200 } && ids.count == 1, "\(answers)")
            #expect(try await home.list().count == 1)
            #expect(try home.allTraces().count == 1)
            // Also after the session's end, and after a restart.
            let id = try #require(ids.first ?? nil)
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.startRunner([:], ["--replace"])
            #expect(try await home.control().post("spawn-session", request).body["sessionId"]?.string == id)
            #expect(try home.allTraces().count == 1)
        }
    }

    @Test func aRepeatedRequestChangesNothingOnRecord() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let slow = try home.makeDirectory("work/slow", behaving: "slow=1")
            let control = try home.control()
            async let first = control.post(
                "spawn-session", ["directory": .string(slow), "requestId": "the-same"])
            try await eventually("the session") { try await !home.list().isEmpty }
            let other: JSONValue = ["directory": "/etc/passwd", "requestId": "the-same"]
            #expect(try await control.post("spawn-session", other).status == 200)
            #expect(try await first.status == 200)
            #expect(try await control.post("spawn-session", other).status == 200)
            #expect(try await home.inStore("SELECT outcome FROM spawn_requests") == "started")
        }
    }

    @Test func simultaneousRequestsForOneSessionStartOneProcess() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let wanted = "0bd1e4c6-5a1f-4e0e-9f57-3f5a7c0c2a11"
            let directory = try home.makeDirectory("work/one", behaving: "slow=0.3")
            let control = try home.control()
            let answers = try await atOnce(8) { number in
                let key = number % 2 == 0 ? "existingSessionId" : "sessionId"
                return try await control.post(
                    "spawn-session",
                    ["directory": .string(directory), "agent": "codex", key: .string(wanted)])
            }
            for answer in answers {
                #expect(
                    answer.body == [
                        "success": true, "sessionId": .string(wanted), "approvedNewDirectoryCreation": true,
                    ])
            }
            #expect(try home.allTraces().count == 1)
            #expect(try await home.list().map(\.happySessionId) == [wanted])
        }
    }

    @Test func aSessionThatEndedIsStartedAnew() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let wanted = "0bd1e4c6-5a1f-4e0e-9f57-3f5a7c0c2a12"
            let parameters: [String: JSONValue] = ["agent": "codex", "existingSessionId": .string(wanted)]
            #expect(try await home.spawn("one", parameters) == wanted)
            let first = try await home.process(of: wanted)
            #expect(killVerified(first))
            #expect(try await home.spawn("one", parameters) == wanted)
            #expect(try await home.process(of: wanted) != first)
            #expect(try await home.list().count == 1)
        }
    }
}

/// Runs `body` this many times concurrently.
func atOnce<Result: Sendable>(
    _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Result
) async throws -> [Result] {
    try await withThrowingTaskGroup(of: Result.self) { group in
        for number in 0..<count { group.addTask { try await body(number) } }
        return try await group.reduce(into: []) { $0.append($1) }
    }
}
