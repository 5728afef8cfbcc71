import Glibc
import NIOHTTP1
import Testing

@testable import Runner

@Suite struct ControlAdmissionTests {
    private static let own = ConnectionOwner(userID: getuid(), inode: 1)

    private func status(
        _ headers: [(String, String)] = [("Host", "localhost")], _ method: HTTPMethod = .POST,
        _ uri: String = "/list", from owner: ConnectionOwner? = own
    ) -> UInt? {
        let head = HTTPRequestHead(
            version: .http1_1, method: method, uri: uri, headers: HTTPHeaders(headers))
        return ControlAdmission.refusal(of: head, from: owner)?.status.code
    }

    @Test func ownProgramsAreHeard() {
        #expect(status() == nil)
        #expect(status([("host", "127.0.0.1:8080")], .POST, "/spawn-session?x=y") == nil)
        #expect(status([("Host", "LOCALHOST"), ("Content-Type", "Application/JSON; charset=utf-8")]) == nil)
    }

    @Test func strangersAndWebPagesAreNot() {
        #expect(status(from: nil) == 403)
        #expect(status(from: ConnectionOwner(userID: 4_000_000, inode: 1)) == 403)
        #expect(status([("Host", "localhost"), ("Origin", "null")]) == 403)
    }

    @Test(arguments: [
        "", "evil.example", "127.0.0.1:80@evil.example", "127.0.0.1:", "127.0.0.1:99999", "[::1]",
    ])
    func aHostThatIsNotThisMachineIsRefused(host: String) {
        #expect(status([("Host", host)]) == 403)
    }

    @Test func thereIsOneHost() {
        #expect(status([]) == 403)
        #expect(status([("Host", "localhost"), ("Host", "localhost")]) == 403)
    }

    @Test func whatIsNotThereIsNotFound() {
        #expect(status([("Host", "localhost")], .GET) == 404)
        for uri in ["/", "", "//list", "/list/", "/LIST", "/nothing", "http://localhost/list", "*"] {
            #expect(status([("Host", "localhost")], .POST, uri) == 404, "\(uri)")
        }
    }

    @Test(arguments: ["text/plain", "", "application/jsonx", "application/json, text/plain"])
    func anotherTypeIsRefused(type: String) {
        #expect(status([("Host", "localhost"), ("Content-Type", type)]) == 415)
    }

    @Test(
        arguments: [("1048576", nil), ("1048577", 413), ("99999999999999999999", 413)] as [(String, UInt?)])
    func aBodyThatWillBeTooLargeIsRefusedBeforeItComes(length: String, expected: UInt?) {
        #expect(status([("Host", "localhost"), ("Content-Length", length)]) == expected)
    }
}
