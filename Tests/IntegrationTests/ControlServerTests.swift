import Glibc
import RunnerTestSupport
import Testing

/// HTTP/1.1 as the control server must support it, beyond what one client library uses.
@Suite(.serialized) struct ControlServerTests {
    @Test(.timeLimit(.minutes(5))) func requestsAreServedHoweverTheyComeOverTheWire() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let files = descriptorCount(runner.pid)
            let child = try home.start(
                [Paths.python, Paths.root + "/Tests/Hub/wire.py", "\(home.control().port)"])
            #expect(try await child.ended(within: .seconds(180)) == 0, "\(child.errors)")
            #expect(child.output.isEmpty, "\(child.output)")
            try await eventually("no descriptor more than before: \(files)") {
                descriptorCount(runner.pid) <= files
            }
        }
    }

    @Test func whoDawdlesDoesNotHoldUpAStop() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let script = """
                import socket, sys, time
                wire = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                for byte in b"POST /list HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: 2\\r\\n\\r\\n":
                    wire.send(bytes([byte]))
                    print("sent", flush=True)
                    time.sleep(1)
                """
            let dawdler = try home.start(["/usr/bin/python3", "-IS", "-c", script, "\(home.control().port)"])
            try await eventually("its first byte") { dawdler.output.contains("sent") }
            let asked = ContinuousClock.now
            try await home.stopRunner()
            #expect(ContinuousClock.now - asked < .seconds(4))
            #expect(!isAlive(runner))
            dawdler.signal(SIGKILL)
        }
    }
}
