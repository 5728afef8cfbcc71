import FoundationEssentials
import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// What a stop of a session leaves alone is known by the store, not by its words.
@Suite(.serialized) struct SparedTests {
    @Test func aHelperThatLooksLikeARunnerIsEndedWithItsSession() async throws {
        try await TestHome.with { home in
            let script = """
                #!/bin/sh
                sh -c 'sleep 1000; :' x runner start-sync __monitor &
                echo $! > \(home.root)/helper
                exec \(StandIn.program) "$@"
                """
            try home.write("bin/session", script, mode: 0o755)
            try await home.startRunner(["HAPI_CLI_EXECUTABLE": home.root + "/bin/session"])
            let id = try await home.spawn("one")
            let pid = home.text(home.root + "/helper").flatMap { pid_t($0.dropLast()) }
            let helper = try #require(pid.flatMap(ProcessTable.identity))
            #expect(ProcessTable.arguments(of: helper.pid).contains("start-sync"))
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await eventually("the helper's end") { !isAlive(helper) }
        }
    }
}
