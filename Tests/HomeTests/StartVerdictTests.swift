import RunnerStore
import Testing

@testable import Home
@testable import HubClient
@testable import Processes

/// What replaces a running runner, and what does not.
@Suite struct StartVerdictTests {
    private func configuration(_ environment: [String: String], _ settings: Settings = Settings([:])) throws
        -> Configuration
    {
        try Configuration(environment: environment, home: RunnerHome(path: "/nowhere"), settings: settings)
    }

    private func verdict(
        running: [String: String], shell: [String: String], version: String = "1",
        settings: Settings = Settings([:])
    ) throws -> StartVerdict {
        let runner = RunnerRecord(
            process: ProcessTable.current, host: .current, version: version, programModifiedAt: nil,
            hubURL: nil,
            hubState: .disabled, machineID: "m", logPath: "", startedAt: .now)
        let identity = RunnerIdentity(try configuration(running), machineID: "m")
        let state = StateFile(runner, port: 1, identity: identity, arguments: [])
        return StartVerdict.judge(
            version: version, state: state, own: "1", try configuration(shell, settings))
    }

    private static let connected = ["HAPI_API_URL": "http://a", "CLI_API_TOKEN": "t"]

    @Test(arguments: [
        [:], connected, ["HAPI_API_URL": "http://a"], ["CLI_API_TOKEN": "t"], ["HAPI_API_URL": ""],
    ])
    func aDefaultAndTheSameIdentityKeepIt(shell: [String: String]) throws {
        guard case .keep = try verdict(running: Self.connected, shell: shell) else {
            Issue.record("replaced")
            return
        }
    }

    @Test(arguments: [
        (["HAPI_API_URL": "http://b"], "it uses hub http://a; this shell says http://b"),
        (["CLI_API_TOKEN": "other"], "it uses another token"),
        (["HAPI_EXTRA_HEADERS_JSON": #"{"X":"1"}"#], "it sends other extra headers"),
    ])
    func aStatedIdentityReplacesIt(shell: [String: String], why: String) throws {
        #expect(try verdict(running: Self.connected, shell: shell) == .replace(because: why))
    }

    @Test func theSettingsStateToo() throws {
        let settings = Settings(["apiUrl": .string("http://b")])
        let why = "it uses hub http://a; this shell says http://b"
        #expect(
            try verdict(running: Self.connected, shell: [:], settings: settings) == .replace(because: why))
    }

    @Test func anotherVersionReplacesIt() throws {
        let found = try verdict(running: Self.connected, shell: [:], version: "0")
        #expect(found == .replace(because: "it is version 0, this is 1"))
    }

    @Test func whatDiffersByDefaultIsSaid() throws {
        let found = try verdict(running: Self.connected, shell: [:])
        let words = "it uses hub http://a; this shell names none, which would be http://localhost:3006"
        #expect(found == .keep(aside: words))
    }
}
