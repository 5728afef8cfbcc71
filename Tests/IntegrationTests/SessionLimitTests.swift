import FoundationEssentials
import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// `spawn --memory --cpus --timeout`, in the running program.
@Suite(.serialized) struct SessionLimitTests {
    @Test func aSessionEndsWhenItsTimeIsUpWithAllItStarted() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "setsid-helper,helper", ["timeout": "2s"])
            let helpers = try await home.trace(home.process(of: id).pid)?.helpers ?? []
            #expect(helpers.count == 2)
            let end = try await home.ending(of: id)
            #expect(end.reason == "exited" && end.message == "timed out after 2s", "\(end)")
            try await eventually("the helpers' end") { helpers.allSatisfy { kill($0, 0) != 0 } }
            #expect(try await home.hapi("history").output.contains("exit 0, timed out after 2s"))
            #expect(try await home.hapi("history", "--failed", "--json").output.contains(id))
        }
    }

    /// The monitor holds the time, so it is kept whatever becomes of the runner.
    @Test func theTimeIsKeptWithoutARunnerAndOneThatIgnoresItIsKilled() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "ignore-term", ["timeout": "2s"])
            try await home.killRunner()
            let end = try await home.ending(of: id)
            #expect(end.signal == "SIGKILL" && end.message == "timed out after 2s", "\(end)")
        }
    }

    @Test func aRestartedSessionHasTheLimitsItHadUnlessOthersAreGiven() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/one")
            let started = try await home.hapi("runner", "spawn", directory, "--timeout", "4h")
            #expect(started.status == 0, "\(started)")
            let again = try await home.hapi("runner", "restart", "one")
            #expect(again.status == 0, "\(again)")
            #expect(try await home.hapi("history", "one").output.contains(#""timeout":"4h""#))
            let other = try await home.hapi("runner", "restart", "one", "--timeout", "2h")
            #expect(other.status == 0, "\(other)")
            #expect(try await home.hapi("history", "one").output.contains(#""timeout":"2h""#))
        }
    }

    @Test func aLimitThatIsNoneIsRefusedBeforeAnythingStarts() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/one")
            let usage = try await home.hapi("runner", "spawn", directory, "--memory", "lots")
            #expect(usage.status == 64 && usage.errors.contains("512M or 8G"), "\(usage)")
            let body: JSONValue = ["directory": .string(directory), "timeout": "4m"]
            let answer = try await home.control().post("spawn-session", body)
            #expect(answer.status == 500, "\(answer)")
            #expect(answer.body["error"]?.string?.contains("30min or 4h") == true, "\(answer)")
            #expect(try await home.list(all: true).isEmpty)
        }
    }

    private static let controllers: [Substring] = {
        let mount = access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ? "" : "/unified"
        let file = "/sys/fs/cgroup\(mount)/cgroup.controllers"
        return ((try? String(contentsOfFile: file, encoding: .utf8)) ?? "").split(
            whereSeparator: \.isWhitespace)
    }()
    private static let isUnlimitable = !controllers.contains("memory")

    @Test(.enabled(if: isUnlimitable, "this system can limit memory"))
    func whereMemoryCannotBeLimitedThatIsSaidAndNothingIsStarted() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/one")
            let refused = try await home.hapi("runner", "spawn", directory, "--memory", "1G")
            #expect(refused.status == 1 && refused.errors.contains("cannot limit memory"), "\(refused)")
            #expect(try await home.list(all: true).isEmpty)
        }
    }

    @Test(
        .enabled(if: geteuid() == 0 && !isUnlimitable, "needs root, and cgroup v2 with its memory controller")
    )
    func aSessionThatTakesMoreMemoryThanItMayEndsOutOfMemory() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one", behaving: "eat-after=400", ["memory": "64M", "cpus": 1])
            let end = try await home.ending(of: id)
            #expect(end.signal == "SIGKILL" && end.message == "out of memory", "\(end)")
        }
    }
}
