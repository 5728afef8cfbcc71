import Testing

@testable import hapi

/// The unit file of the service.
@Suite struct ServiceUnitTests {
    private func lines(_ plan: ServicePlan) -> [String] { plan.text.split(separator: "\n").map(String.init) }

    @Test func aStopOfTheServiceLeavesSessionsAloneAndALostLockIsNotTriedAgain() {
        let unit = lines(ServicePlan(program: "/usr/local/bin/hapi"))
        #expect(unit.contains("ExecStart=/usr/local/bin/hapi runner start-sync"))
        #expect(unit.contains("KillMode=process") && unit.contains("Restart=on-failure"))
        #expect(unit.contains("RestartPreventExitStatus=64 75") && unit.contains("WantedBy=default.target"))
        #expect(!unit.contains { $0.hasPrefix("User=") || $0.contains("TOKEN") })
    }

    @Test func aServiceOfTheMachineRunsAsAUserOnceTheNetworkIsThere() {
        let unit = lines(ServicePlan(program: "/usr/bin/hapi", home: "/srv/hapi", user: "ada"))
        #expect(unit.contains("User=ada") && unit.contains("After=network-online.target"))
        #expect(
            unit.contains("Environment=HAPI_HOME=/srv/hapi") && unit.contains("WantedBy=multi-user.target"))
    }

    @Test(arguments: [
        ("/usr/bin/hapi", "/usr/bin/hapi"), ("/home/ada/my work", #""/home/ada/my work""#),
        ("/srv/100%", #""/srv/100%%""#), ("/srv/$HOME", #""/srv/$$HOME""#), (#"/a"b\c"#, #""/a\"b\\c""#),
        ("", #""""#),
    ])
    func aPathIsQuotedAsSystemdReadsIt(path: String, quoted: String) {
        #expect(ServicePlan(program: path).text.contains("ExecStart=\(quoted) runner start-sync\n"))
        #expect(ServicePlan(program: "/h", roots: [path]).text.contains(" --workspace-root \(quoted)\n"))
    }
}
