import FoundationEssentials
import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// A stop spares what the store knows, not what looks like a runner or a monitor.
@Suite(.serialized) struct SparedTests {
    @Test func aHelperThatLooksLikeARunnerIsEndedWithItsSession() async throws {
        try await TestHome.with { home in
            try home.write("bin/session", Self.session(home), mode: 0o755)
            try await home.startRunner(["HAPI_CLI_EXECUTABLE": home.root + "/bin/session"])
            let id = try await home.spawn("one")
            let helper = try Self.helper(home)
            #expect(ProcessTable.arguments(of: helper.pid).contains("start-sync"))
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await eventually("the helper's end") { !isAlive(helper) }
        }
    }

    @Test func aHelperThatLooksLikeARunnerIsOnRecordWhenItsSessionEndsByItself() async throws {
        try await TestHome.with { home in
            try home.write("bin/session", Self.session(home), mode: 0o755)
            try await home.startRunner(["HAPI_CLI_EXECUTABLE": home.root + "/bin/session"])
            let id = try await home.spawn("one")
            let helper = try Self.helper(home)
            #expect(killVerified(try await home.process(of: id)))
            try await home.ending(of: id)
            try await eventually("the record of what is left") {
                try await home.inStore("SELECT pid FROM leftovers") == "\(helper.pid)"
            }
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            #expect(!isAlive(helper))
        }
    }

    /// A session with helpers whose command lines look like a runner's and a monitor's.
    private static func session(_ home: TestHome) -> String {
        """
        #!/bin/sh
        sh -c 'sleep 1000; :' x runner start-sync __monitor &
        echo $! > \(home.root)/helper
        exec \(StandIn.program) "$@"
        """
    }

    private static func helper(_ home: TestHome) throws -> ProcessIdentity {
        let pid = home.text(home.root + "/helper").flatMap { pid_t($0.dropLast()) }
        return try #require(pid.flatMap(ProcessTable.identity))
    }
}
