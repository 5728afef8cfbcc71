import Testing

@testable import SocketIO

@Suite struct EndpointTests {
    static let usable: [(String, host: String, port: Int, target: String, authority: String)] = [
        ("http://example.com", "example.com", 80, "/socket.io/", "example.com"),
        ("https://example.com/", "example.com", 443, "/socket.io/", "example.com"),
        ("HTTPS://example.com:443", "example.com", 443, "/socket.io/", "example.com"),
        ("http://localhost:3006/", "localhost", 3006, "/socket.io/", "localhost:3006"),
        ("http://example.com/a/b", "example.com", 80, "/a/b/socket.io/", "example.com"),
        ("http://example.com/a%20b//", "example.com", 80, "/a%20b/socket.io/", "example.com"),
        ("https://[::1]:8443", "::1", 8443, "/socket.io/", "[::1]:8443"),
        ("http://127.0.0.1:80", "127.0.0.1", 80, "/socket.io/", "127.0.0.1"),
    ]

    @Test(arguments: usable)
    func aUsableURLIsTakenApart(
        url: String, host: String, port: Int, target: String, authority: String
    ) throws {
        let endpoint = try Endpoint(url: url)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(endpoint.target == target + "?EIO=4&transport=websocket")
        #expect(endpoint.authority == authority)
        #expect(endpoint.isSecure == url.lowercased().hasPrefix("https"))
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com", "ws://example.com", "http://", "http:///path", "http://:80",
        "http://example.com:0", "http://example.com:99999", "http://example.com:port", "http://exa mple.com",
        "http://example.com/?a=b", "http://example.com/#a", "http://exämple.com\u{0}", "http://a%00b.com",
        "http://127.0.0.1:70000", "http://127.0.0.1:99999999999999999999", "http://[::1]:65536",
        "http://example.com:-1", " http://example.com", "http://example.com ", "http://example.com/a b",
        "'http://example.com'", "\"http://example.com\"", "http://example.com/\"", "http://example.com\n",
    ])
    func anUnusableURLIsNamedInTheError(url: String) {
        do {
            let endpoint = try Endpoint(url: url)
            Issue.record("taken as \(endpoint)")
        } catch {
            guard case .unusableURL(let shown, _) = error else {
                Issue.record("\(error)")
                return
            }
            #expect(url.hasPrefix(shown))
        }
    }

    @Test(arguments: [
        "https://user:secret@example.com", "https://secret@", "secret@b@c", "http://h/?t=secret",
    ])
    func secretsInAURLAreNotShown(url: String) {
        #expect { try Endpoint(url: url) } throws: { !"\($0)".contains("secret") }
    }

    @Test(arguments: [("http://10.0.0.1", true), ("http://[::1]", true), ("http://10.0.0.1.example", false)])
    func addressesAreToldFromNames(url: String, isAddress: Bool) throws {
        #expect(try Endpoint(url: url).isAddress == isAddress)
    }
}

@Suite struct UpgradeRequestTests {
    private func head(_ headers: [(String, String)]) throws -> [String: [String]] {
        let head = try UpgradeRequest.head(for: Endpoint(url: "http://example.com"), extraHeaders: headers)
        return Dictionary(grouping: head.headers, by: { $0.name.lowercased() }).mapValues { $0.map(\.value) }
    }

    @Test func extraHeadersGoAlong() throws {
        let headers = try head([("X-One", "1"), ("X-One", "2")])
        #expect(headers == ["x-one": ["1", "2"], "host": ["example.com"]])
    }

    @Test func headersOfTheHandshakeCannotBeReplaced() throws {
        let headers = try head([
            ("host", "other"), ("Sec-WebSocket-Extensions", "permessage-deflate"), ("Content-Length", "5"),
            ("Connection", "close"), ("Transfer-Encoding", "chunked"),
        ])
        #expect(headers == ["host": ["example.com"]])
    }

    @Test(arguments: [("", "secret"), ("X Y", "secret"), ("X", "secret\r\nY: 1"), ("X", "secret\u{0}")])
    func aHeaderThatBreaksTheRequestIsRefusedWithoutItsValue(name: String, value: String) {
        #expect { try head([(name, value)]) } throws: { !"\($0)".contains("secret") }
    }
}

@Suite struct CertificateNameTests {
    @Test(arguments: [
        ("example.com", "example.com", true), ("EXAMPLE.com", "example.COM", true),
        ("example.com.", "example.com", true), ("example.com", "example.com.", true),
        ("*.example.com", "a.example.com", true), ("*.example.com", "example.com", false),
        ("*.example.com", "a.b.example.com", false), ("*.com", "example.com", false),
        ("*", "localhost", false),
        ("a*.example.com", "ab.example.com", false), ("example.com", "example.org", false),
        ("*.example.com", ".example.com", false), ("", "", false), ("localhost", "localhost", true),
    ])
    func aNameCoversAHost(name: String, host: String, covers: Bool) {
        #expect(CertificateName.matches(name, host: host) == covers)
    }
}
