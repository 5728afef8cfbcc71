import Home
import HubProtocol
import RunnerTestSupport
import Testing

/// A hub behind an HTTP proxy, with a host name that only the proxy can resolve.
@Suite(.serialized) struct HubProxyTests {
    private func withProxy(
        _ arguments: [String] = [], login: String = "",
        _ body: (TestHome, TestHub, _ proxy: ChildProcess) async throws -> Void
    ) async throws {
        try await TestHub.with { hub in
            let proxy = try ChildProcess(
                [Paths.python, Paths.root + "/Tests/Hub/proxy.py"] + arguments,
                environment: ["PATH": Paths.searchPath], input: .held)
            let port = try await proxy.firstLine().split(separator: " ").last ?? ""
            let environment = [
                "HAPI_API_URL": "http://hub.invalid:\(hub.port)",
                "HTTP_PROXY": "http://\(login)127.0.0.1:\(port)",
            ]
            try await TestHome.with(hub, environment) { home in try await body(home, hub, proxy) }
            proxy.closeInput()
            _ = try await proxy.ended(within: .seconds(10))
        }
    }

    @Test func bothRequestsAndTheSocketGoThroughIt() async throws {
        try await withProxy(["--login", "me:p@ss"], login: "me:p%40ss@") { home, hub, proxy in
            try await home.startRunner()
            try await eventually("the connection") {
                try await home.status().runner?.hubState == "connected"
            }
            let exists = try await hub.call("path-exists", ["paths": ["/tmp"]], of: home)
            #expect(exists["exists"]?["/tmp"]?.bool == true)
            try await home.stopRunner()
            proxy.closeInput()
            #expect(try await proxy.ended(within: .seconds(10)) == 0, "\(proxy.errors)")
            let told = try JSONValue(json: proxy.output.split(separator: "\n").last.map(String.init) ?? "")
            #expect(told["requests"]?.integer == 0 && told["tunnels"]?.integer == 2, "\(proxy.output)")
        }
    }

    @Test(arguments: [
        (["--login", "me:right"], "me:secret@", "requires another user name and password"),
        (["--refuse", "503"], "me:secret@", "refuses to connect to the hub"),
    ])
    func aProxyThatRefusesIsToldFromTheHub(arguments: [String], login: String, words: String) async throws {
        try await withProxy(arguments, login: login) { home, _, _ in
            let started = try await home.hapi("runner", "start")
            #expect(started.status == 0, "\(started)")
            #expect(
                started.errors.contains("the proxy 127.0.0.1:") && started.errors.contains(words),
                "\(started)")
            #expect(!started.errors.contains("secret") && !home.logText.contains("secret"))
        }
    }

    @Test(arguments: [
        ("http://127.0.0.1:1", "the proxy 127.0.0.1:1 is unreachable: connection refused"),
        ("socks5://me:secret@127.0.0.1:1", "http_proxy names a SOCKS proxy"),
    ])
    func aProxyThatCannotBeUsedIsNamed(proxy: String, words: String) async throws {
        let environment = [
            "HAPI_API_URL": "http://hub.invalid", "CLI_API_TOKEN": "t0ken", "http_proxy": proxy,
        ]
        try await TestHome.with(nil, environment) { home in
            let started = try await home.hapi("runner", "start")
            #expect(started.status == 0 && started.errors.contains(words), "\(started)")
            #expect(!started.errors.contains("secret") && !home.logText.contains("secret"))
        }
    }

    @Test func aMachineOfAnotherNamespaceIsToldTheWaysOut() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                try await home.startRunner()
                try await eventually("the connection") {
                    try await home.status().runner?.hubState == "connected"
                }
                try await home.stopRunner()
                let changes = ["CLI_API_TOKEN": hub.token + ":other"]
                let started = try await home.hapi("runner", "start", changes: changes)
                #expect(started.status == 69, "\(started)")
                for words in ["another namespace", "'other'", "HAPI_HOME", "machineId"] {
                    #expect(started.errors.contains(words), "\(started)")
                }
                #expect(!started.errors.contains("set CLI_API_TOKEN"), "\(started)")
            }
        }
    }
}
