import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// Which clients the control server accepts, and how it answers invalid requests.
@Suite(.serialized) struct AdmissionTests {
    private struct Case {
        var path = "list"
        var body = "{}"
        var method = "POST"
        var headers: [String: String] = [:]
        let status: Int
    }

    private static let cases = [
        Case(status: 200),
        Case(headers: ["Origin": "http://localhost"], status: 403),
        Case(headers: ["Origin": "null"], status: 403),
        Case(headers: ["Host": "evil.example"], status: 403),
        Case(headers: ["Host": "evil.example:80"], status: 403),
        Case(headers: ["Host": "127.0.0.1:80@evil.example"], status: 403),
        Case(headers: ["Host": "localhost"], status: 200),
        Case(headers: ["Content-Type": "text/plain"], status: 415),
        Case(headers: ["Content-Type": "application/json; charset=utf-8"], status: 200),
        Case(path: "spawn-session", body: "", status: 400),
        Case(path: "spawn-session", body: "{", status: 400),
        Case(path: "spawn-session", body: "[]", status: 400),
        Case(path: "spawn-session", status: 400),
        Case(path: "spawn-session", body: #"{"directory":7}"#, status: 400),
        Case(path: "spawn-session", body: #"{"directory":"/tmp","yolo":"yes"}"#, status: 400),
        Case(path: "stop-session", body: #"{"sessionId":null}"#, status: 400),
        Case(path: "session-started", body: #"{"sessionId":"x"}"#, status: 400),
        Case(path: "session-started", body: #"{"sessionId":"","metadata":{"hostPid":1}}"#, status: 400),
        Case(path: "spawn-session", body: String(repeating: " ", count: 1 << 20) + "{}", status: 413),
        Case(path: "nothing", status: 404),
        Case(path: "", status: 404),
        Case(method: "GET", status: 404),
        Case(method: "OPTIONS", status: 404),
    ]

    @Test func nonsenseIsAnsweredClearlyAndTheRunnerLivesOn() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let control = try home.control()
            for test in Self.cases {
                let answer = try await control.send(
                    test.path, Array(test.body.utf8), method: test.method, headers: test.headers)
                let what = "\(test.method) /\(test.path) \(test.headers) \(test.body.prefix(60)): \(answer)"
                #expect(answer.status == test.status, "\(what)")
                #expect(test.status == 200 || answer.body["error"]?.string?.isEmpty == false, "\(what)")
            }
            #expect(isAlive(runner))
            #expect(try await home.list(all: true).isEmpty)
        }
    }

    @Test func aFaultInABodyIsNamed() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let control = try home.control()
            let wrong = try await control.post("spawn-session", ["directory": 7])
            #expect(wrong.body["error"]?.string == "directory: a string is needed")
            let missing = try await control.post("spawn-session")
            #expect(missing.body["error"]?.string == "directory: missing")
        }
    }

    @Test func nobodySpeaksForAnotherProcess() async throws {
        try await TestHome.with(nil, ["HAPI_RUNNER_WEBHOOK_TIMEOUT_MS": "100"]) { home in
            try await home.startRunner()
            let directory = try home.makeDirectory("work/mute", behaving: "mute")
            let control = try home.control()
            _ = try await control.post("spawn-session", ["directory": .string(directory)])
            let session = try #require(try await home.list().first)
            for pid in [Int64(session.pid ?? 0), 1, 0, -1, 4_000_000] {
                let answer = try await control.post(
                    "session-started", ["sessionId": "forged", "metadata": ["hostPid": .integer(pid)]])
                #expect(answer.status == 403, "\(pid): \(answer)")
            }
            #expect(try await home.list().map(\.happySessionId) == [nil])
        }
    }

    @Test func aMonitorIsNoSession() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("usurper", behaving: "claim-parent")
            let pid = try await home.process(of: id).pid
            let claim = "\(home.traces)/\(pid).claim"
            try await eventually("the claim") { home.exists(claim) }
            #expect(home.text(claim)?.contains("409") == true, "\(home.text(claim) ?? "")")
            #expect(try await home.list().map(\.happySessionId) == [id])
        }
    }

    @Test func aReportOfOnesOwnIsATerminalSession() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let process = try home.start([StandIn.program, "claude"], in: home.work)
            try await eventually("the report") { home.exists("\(home.traces)/\(process.pid).report") }
            let session = try #require(try await home.list().first)
            #expect(session.pid == process.pid && session.state == "running")
            #expect(session.startedBy == "hapi directly - likely by user from terminal")
            #expect(try await home.hapi("runner", "stop-session", session.id).status == 0)
            let status = try await process.ended()
            #expect(status == 0, "\(process.errors)")
        }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func anotherUsersProcessIsRefused() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let script = """
                import http.client, os, sys
                os.setgid(65534)
                os.setuid(65534)
                wire = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
                wire.request("POST", "/list", "{}", {"Content-Type": "application/json"})
                answer = wire.getresponse()
                print(answer.status, answer.read().decode())
                """
            let child = try home.start(["/usr/bin/python3", "-IS", "-c", script, "\(home.control().port)"])
            #expect(try await child.ended() == 0, "\(child.errors)")
            #expect(
                child.output.hasPrefix("403 ") && child.output.contains("another user"), "\(child.output)")
        }
    }

    /// Another user sends a request and disconnects, and the owner connects from the same port: the request
    /// must not be taken for the owner's.
    @Test(.timeLimit(.minutes(2)), .enabled(if: geteuid() == 0, "needs root"))
    func whoLeavesAtOnceIsNotTakenForWhoComesNext() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let script = """
                import json, os, socket, struct, sys, time
                server = ("127.0.0.1", int(sys.argv[1]))
                body = json.dumps({"directory": sys.argv[2]}).encode()
                head = f"POST /spawn-session HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\nContent-Length: {len(body)}\\r\\n\\r\\n"
                orders, ordered = os.pipe()
                leaves, left = os.pipe()

                def end():
                    line = socket.socket()
                    line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    return line

                if os.fork() == 0:
                    os.close(ordered)
                    os.setgroups([])
                    os.setgid(65534)
                    os.setuid(65534)
                    while order := os.read(orders, 16):
                        port, before, after = struct.unpack("iff", order)
                        line = end()
                        line.bind(("127.0.0.1", port))
                        line.connect(server)
                        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        time.sleep(before)
                        line.sendall(head.encode() + body)
                        leave = time.perf_counter() + after
                        while time.perf_counter() < leave: pass
                        line.close()
                        os.write(left, b"x")
                    os._exit(0)
                pauses = [0, 0.0001, 0.0003, 0.001, 0.003]
                met = 0
                for turn in range(200):
                    port = 20000 + turn % 900
                    os.write(ordered, struct.pack("iff", port, [0, 0.02][turn % 2], pauses[turn // 2 % 5]))
                    os.read(leaves, 1)
                    line = end()
                    try:
                        line.bind(("127.0.0.1", port))
                        line.connect(server)
                        met += 1
                    except OSError:
                        pass
                    time.sleep(0.02)
                    line.close()
                print(met)
                """
            let port = try home.control().port
            let arguments = ["-IS", "-c", script, "\(port)", home.work]
            let child = try home.start(["/usr/bin/python3"] + arguments)
            #expect(try await child.ended(within: .seconds(60)) == 0, "\(child.errors)")
            #expect((Int(child.output.split(separator: "\n").last ?? "") ?? 0) > 100, "\(child.output)")
            #expect(try await home.list(all: true).isEmpty)
            #expect(try await home.inStore("SELECT count(*) FROM spawn_requests") == "0")
        }
    }

    /// Other users' unfinished requests cost the runner little and don't delay the owner's.
    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func aCrowdOfStrangersIsKeptSmall() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let before = residentKiB(runner.pid)
            let script = """
                import os, socket, sys, time
                os.setgid(65534)
                os.setuid(65534)
                lines = []
                for turn in range(600):
                    line = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                    try:
                        line.sendall(b"POST /list HTTP/1.1\\r\\n" + b"X-A: " + b"a" * 60000)
                    except OSError:
                        pass
                    lines.append(line)
                print("there", flush=True)
                sys.stdin.read()
                """
            let crowd = try home.start(
                ["/usr/bin/python3", "-IS", "-c", script, "\(home.control().port)"], input: .held)
            try await eventually("the crowd", within: .seconds(30)) { crowd.output.contains("there") }
            let asked = ContinuousClock.now
            #expect(try await home.control().post("list").status == 200)
            let taken = ContinuousClock.now - asked
            #expect(taken < .seconds(2), "\(taken)")
            #expect(residentKiB(runner.pid) - before < 16 << 10)
            crowd.closeInput()
            #expect(try await crowd.ended() == 0)
        }
    }
}
