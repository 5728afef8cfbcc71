import SocketIO
import Testing

@testable import HubClient

/// Redaction and truncation of what a hub says.
@Suite struct HubWordsTests {
    private let hub = Hub(url: "https://hub.example.org", token: "to:ken-1:space")

    @Test(arguments: [
        ("Invalid token", "Invalid token"), ("", ""), ("to:ken-1", "…"),
        ("a to:ken-1:space b", "a …:space b"),
        ("to:ken-1to:ken-1", "……"), ("Bearer to:ken-1\u{301}", "Bearer …\u{301}"), ("to:ken", "to:ken"),
    ])
    func theTokenIsTakenOut(said: String, shown: String) { #expect(hub.safe(said) == shown) }

    @Test(arguments: [0, 1, 990, 992, 995, 999, 1000])
    func whatIsCutShowsNoPartOfTheToken(before: Int) {
        let shown = hub.safe(
            String(repeating: "x", count: before) + "to:ken-1" + String(repeating: "y", count: 2000))
        #expect(shown.utf8.count <= 1000 && shown.hasSuffix("…"))
        #expect(!shown.contains("to:"))
    }

    @Test func aCertificateThatIsNotTrustedComesWithWhatHelps() {
        let error = SocketIOError.tlsFailed(url: hub.url, reason: "no")
        #expect(
            hub.words(for: error).hasPrefix("cannot open a WebSocket at \(hub.url): no; `openssl s_client"))
        #expect(hub.words(for: error).contains("NODE_EXTRA_CA_CERTS"))
    }
}
