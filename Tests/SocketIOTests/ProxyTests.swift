import SocketIO
import Testing

@Suite struct ProxyTests {
    private func proxy(_ url: String, _ environment: [String: String]) throws -> String? {
        try Proxy.find(for: url, environment: environment)?.name
    }

    @Test func theSchemeDecidesAndSmallLettersComeFirst() throws {
        let all = [
            "http_proxy": "http://a:1", "HTTP_PROXY": "http://b:2", "HTTPS_PROXY": "c:3", "all_proxy": "d:4",
        ]
        #expect(try proxy("http://hub.example", all) == "a:1")
        #expect(try proxy("https://hub.example", all) == "c:3")
        #expect(try proxy("https://hub.example", ["ALL_PROXY": "http://d"]) == "d:80")
        #expect(try proxy("https://hub.example", ["http_proxy": "http://a:1", "https_proxy": ""]) == nil)
        #expect(try proxy("http://hub.example", ["http_proxy": "http://[::1]:3128"]) == "[::1]:3128")
    }

    @Test(arguments: [
        "http://localhost:3006", "http://127.0.0.1", "http://127.9.9.9", "http://[::1]:1",
        "http://a.localhost",
    ])
    func thisMachineIsReachedWithout(url: String) throws {
        #expect(try proxy(url, ["all_proxy": "socks5://x", "http_proxy": "http://p:1"]) == nil)
    }

    @Test(arguments: [
        "hub.example", "example", ".example", "*.example", "*", "a.test, hub.example", "HUB.EXAMPLE",
        "hub.example:80",
        "x hub.example",
    ])
    func anExceptionIsReachedWithout(exceptions: String) throws {
        #expect(try proxy("http://hub.example", ["http_proxy": "p:1", "no_proxy": exceptions]) == nil)
    }

    @Test(arguments: ["", "ub.example", "other.example", "hub.example:81", "hub", "sub.hub.example"])
    func anotherServersExceptionIsNone(exceptions: String) throws {
        #expect(try proxy("http://hub.example", ["http_proxy": "p:1", "NO_PROXY": exceptions]) == "p:1")
    }

    @Test func anAddressIsAnExceptionAsAWhole() throws {
        let environment = ["http_proxy": "p:1", "no_proxy": "10.0.0.1, [fd00::1]:80"]
        #expect(try proxy("http://10.0.0.1", environment) == nil)
        #expect(try proxy("http://110.0.0.1", environment) == "p:1")
        #expect(try proxy("http://[fd00::1]", environment) == nil)
    }

    @Test func aLoginIsReadAndNotShown() throws {
        let found = try Proxy.find(
            for: "https://hub.example", environment: ["https_proxy": "http://me:p%40ss@proxy:3128"])
        #expect(found?.login == Proxy.Login(user: "me", password: "p@ss"))
        #expect(found?.name == "proxy:3128")
    }

    @Test(arguments: [
        ("socks5://me:secret@proxy:1080", "SOCKS"), ("https://me:secret@proxy", "https"),
        ("http://", "is not a URL"),
        ("http://me:secret@proxy:99999", "port"),
    ])
    func whatCannotBeUsedIsNamedAndNotShown(value: String, words: String) {
        let error = #expect(throws: SocketIOError.self) {
            try Proxy.find(for: "https://hub.example", environment: ["HTTPS_PROXY": value])
        }
        let text = "\(String(describing: error))"
        #expect(text.contains("HTTPS_PROXY") && text.contains(words) && !text.contains("secret"), "\(text)")
    }
}
