import Processes
import RunnerTestSupport
import Testing

/// The setting `onSessionEnd`.
@Suite(.serialized) struct HookTests {
    @Test func theUsersCommandIsRunWithoutAShellAndToldTheFacts() async throws {
        try await TestHome.with { home in
            try home.write(
                "bin/told",
                """
                #!/bin/sh
                echo "$1|$HAPI_ENDED_NAME|$HAPI_ENDED_HOW|$HAPI_ENDED_CODE|$HAPI_ENDED_AGENT" >> "$HOME/told"

                """, mode: 0o755)
            try home.writeSettings(#"{"onSessionEnd":["told","$HOME; a word"]}"#)
            try await home.startRunner()
            _ = try await home.spawn("one", behaving: "exit-after=3")
            let told = try await eventually("the command's run") { home.text(home.root + "/told") }
            #expect(told == "$HOME; a word|one|exited|3|claude\n")
        }
    }

    @Test func aCommandThatFailsStopsNothing() async throws {
        try await TestHome.with { home in
            try home.writeSettings(#"{"onSessionEnd":["no-such-program"]}"#)
            let runner = try await home.startRunner()
            try await home.ending(of: try await home.spawn("one", behaving: "exit-after=0"))
            try await eventually("the log") { home.logText.contains("onSessionEnd failed") }
            #expect(isAlive(runner))
        }
    }
}
