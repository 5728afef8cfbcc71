import Testing

@testable import HubClient

/// What a hub's answer tells about its clock.
@Suite struct HubHealthTests {
    @Test func anHTTPDateIsReadToTheSecond() {
        #expect(HubHealth.time("Sun, 06 Nov 1994 08:49:37 GMT") == 784_111_777)
        #expect(HubHealth.time("Tue, 01 Dec 2026 03:30:00 GMT") == 1_796_095_800)
    }

    @Test(
        arguments: [
            "", "yesterday", "784111777", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 GMT x",
        ])
    func whatIsNoHTTPDateIsNoTime(text: String) {
        #expect(HubHealth.time(text) == nil)
    }
}
