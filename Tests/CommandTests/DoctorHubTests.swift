import HubClient
import Testing

@testable import hapi

/// What the doctor makes of a hub's answer.
@Suite struct DoctorHubTests {
    @Test(
        arguments: [
            ("https://hub.example.org", "hub.example.org"), ("http://hub:3006/path", "hub"),
            ("http://127.0.0.1:3006", nil), ("http://[::1]:3006", nil), ("http://localhost:3006", nil),
            ("nonsense", nil), ("https://", nil),
        ] as [(String, String?)])
    func onlyANameIsResolved(url: String, name: String?) {
        #expect(Doctor.hostName(url) == name)
    }

    @Test(
        arguments: [
            (0, "good"), (60, "good"), (-60, "good"), (61, "bad"), (-3600, "bad"),
        ])
    func aClockThatIsAMinuteOffIsAFinding(ahead: Int, level: String) {
        let health = HubHealth(protocolVersion: 1, time: 1_796_095_800, proxy: nil)
        let finding = Doctor.clockFinding(health, now: 1_796_095_800 + ahead)
        #expect(finding.mark.rawValue == level, "\(finding)")
        if level == "bad" { #expect(finding.text.contains(ahead > 0 ? "ahead" : "behind")) }
    }

    @Test(arguments: [(1, "good"), (2, "bad"), (nil, "note")] as [(Int?, String)])
    func anotherProtocolVersionIsAFinding(version: Int?, level: String) {
        let health = HubHealth(protocolVersion: version, time: nil, proxy: nil)
        #expect(Doctor.protocolFinding(health).mark.rawValue == level)
        #expect(Doctor.clockFinding(health, now: 0).mark == .note)
    }
}
