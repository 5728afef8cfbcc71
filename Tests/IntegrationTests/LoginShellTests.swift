import RunnerTestSupport
import Testing

/// A runner that a service manager started with a minimal PATH asks the login shell, which may be slow.
@Suite(.serialized) struct LoginShellTests {
    @Test func onlyASpawnWaitsForTheLoginShell() async throws {
        let bare = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        try await TestHome.with { home in
            let script = """
                #!/bin/sh
                while [ ! -e \(home.root)/go ]; do sleep 0.05; done
                export PATH=/from/login:$PATH
                exec /bin/sh -c "$3"
                """
            try home.write("shell", script, mode: 0o755)
            let begun = ContinuousClock.now
            let changes = ["INVOCATION_ID": "test", "PATH": bare, "SHELL": home.root + "/shell"]
            let runner = try home.launch(["runner", "start-sync"], changes)
            try await eventually("the state file") { try home.state()["httpPort"] != nil }
            try await eventually("an answer") { (try? await home.control().post("list").status) == 200 }
            async let spawned = home.spawn("a")
            try home.write("go", "")
            let pid = try await home.process(of: spawned).pid
            // The shell has five seconds, which a busy machine may use up before this.
            if ContinuousClock.now - begun < .seconds(4) {
                let path = try #require(try home.trace(pid)).env["PATH"]
                #expect(path?.hasPrefix("/from/login:") == true, "\(path ?? "")")
            }
            try await home.stopRunner()
            #expect(try await runner.ended() == 0, "\(runner.errors)")
        }
    }
}
