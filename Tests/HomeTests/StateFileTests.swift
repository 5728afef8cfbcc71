import Glibc
import HubProtocol
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class StateFileTests: FolderTests {
    private func identity(_ environment: [String: String] = [:], machine: String = "m") throws
        -> RunnerIdentity
    {
        let configuration = try Configuration(environment: environment, home: home, settings: Settings([:]))
        return RunnerIdentity(configuration, machineID: machine)
    }

    private static let environment = ["CLI_API_TOKEN": "t", "HAPI_EXTRA_HEADERS_JSON": #"{"A":"1"}"#]

    private func stateFile(pid: Int32 = 4211, environment: [String: String] = environment) throws -> StateFile
    {
        var runner = RunnerRecord(
            process: .sample(pid), host: .current, version: "0.1.0",
            programModifiedAt: 1_795_333_205_279.6423,
            hubURL: "http://hub", hubState: .connecting, machineID: "m", logPath: "/l.log",
            startedAt: 1_795_335_719_647)
        runner.lastHeartbeatAt = 1_795_335_779_647
        let arguments = ["runner", "start-sync", "--workspace-root", "/x"]
        return StateFile(runner, port: 46735, identity: try identity(environment), arguments: arguments)
    }

    @Test func itHasTheNamesThatHapisProgramsRead() throws {
        try stateFile().write(home)
        let written = try #require(text(of: "runner.state.json"))
        let members = try #require(try JSON.decode(JSONValue.self, from: written.utf8).object)
        #expect(members["pid"] == .integer(4211))
        #expect(members["httpPort"] == .integer(46735))
        #expect(members["startTime"] == .string("2026-11-22T08:21:59.647Z"))
        #expect(members["lastHeartbeat"] == .string("2026-11-22T08:22:59.647Z"))
        #expect(members["startedWithCliVersion"] == .string("0.1.0"))
        #expect(members["startedWithCliMtimeMs"] == .number(1_795_333_205_279.6423))
        #expect(members["startedWithApiUrl"] == .string("http://localhost:3006"))
        #expect(members["startedWithMachineId"] == .string("m"))
        #expect(
            members["startedWithArgv"]
                == .array(["runner", "start-sync", "--workspace-root", "/x"].map(JSONValue.string)))
        #expect(members["startedWithVersionHandoffDisabled"] == .bool(true))
        #expect(members["runnerLogPath"] == .string("/l.log"))
        #expect(members["startedWithCliApiTokenHash"]?.string?.count == 64)
        #expect(members["startedWithExtraHeadersHash"]?.string?.count == 64)
        #expect(members.count == 13)
        #expect(mode(of: "runner.state.json") == 0o600)
    }

    @Test func itIsReadAsItWasWritten() throws {
        let written = try stateFile()
        try written.write(home)
        let read = try #require(StateFile.read(home))
        #expect(try JSON.text(read) == JSON.text(written))
    }

    @Test func hapisOwnFileIsRead() throws {
        try write(
            #"{"pid":9,"httpPort":1,"startTime":"22.11.2026, 08:21:59","startedWithCliVersion":"0.29.0","future":1}"#,
            to: "runner.state.json")
        let read = try #require(StateFile.read(home))
        #expect(read.pid == 9 && read.startedWithCliMtimeMs == nil && read.lastHeartbeat == nil)
    }

    @Test(arguments: [
        "", "{", "[]", #"{"pid":1}"#, #"{"pid":"1","httpPort":1,"startTime":"","startedWithCliVersion":""}"#,
    ])
    func whatCannotBeUnderstoodIsNoStateFile(text: String) throws {
        #expect(StateFile.read(home) == nil)
        try write(text, to: "runner.state.json")
        #expect(StateFile.read(home) == nil)
    }

    @Test func itMatchesTheIdentityItWasWrittenFor() throws {
        let state = try stateFile()
        #expect(state.matches(try identity(Self.environment)))
        #expect(!state.matches(try identity(Self.environment, machine: "n")))
        for (name, value) in [
            ("CLI_API_TOKEN", "u"), ("HAPI_EXTRA_HEADERS_JSON", "{}"), ("HAPI_API_URL", "http://h"),
        ] {
            #expect(!state.matches(try identity(Self.environment.merging([name: value]) { _, new in new })))
        }
        let local = try stateFile(environment: [:])
        #expect(local.matches(try identity([:])))
        #expect(!local.matches(try identity(Self.environment)))
    }

    @Test func onlyItsOwnerRemovesIt() throws {
        try stateFile(pid: 4211).write(home)
        StateFile.remove(home, ifOwnedBy: 4212)
        #expect(StateFile.read(home)?.pid == 4211)
        StateFile.remove(home, ifOwnedBy: 4211)
        #expect(text(of: "runner.state.json") == nil)
        StateFile.remove(home, ifOwnedBy: 4211)
    }
}
