import Glibc
import HubProtocol
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class SettingsTests: FolderTests {
    /// With keys of the hub, and unknown ones.
    private static let shared = #"""
        {"cliApiToken":"t","apiUrl":"http://hub","machineId":"m","listenPort":3006,"publicUrl":null,
         "corsOrigins":["a","b"],"vapidKeys":{"publicKey":"p","privateKey":"q"},"ratio":0.26,"big":9007199254740993,"bigger":12345678901234567890,
         "future":{"nested":[{"deep":true}]}}
        """#

    private func lockAge(_ seconds: Int) throws {
        try makeDirectory("settings.json.hapi.lock")
        let then = timeval(tv_sec: time(nil) - seconds, tv_usec: 0)
        utimes("\(folder)/settings.json.hapi.lock", [then, then])
    }

    @Test func aMissingFileIsAnEmptyOne() throws {
        let settings = try Settings.read(home)
        #expect(settings.token == nil && settings.text(.hubURL) == nil && settings.machineID == nil)
        #expect(settings.object(.extraHeaders) == nil && settings.agentProgram("claude") == nil)
    }

    @Test func whatIsThereIsRead() throws {
        try write(Self.shared, to: "settings.json")
        let settings = try Settings.read(home)
        #expect(settings.token == "t" && settings.text(.hubURL) == "http://hub" && settings.machineID == "m")
    }

    @Test func aTextThatIsEmptyOrNoTextIsNotThere() throws {
        try write(
            #"{"cliApiToken":"","apiUrl":3,"machineId":null,"agentPrograms":{"pi":"/p","x":1}}"#,
            to: "settings.json")
        let settings = try Settings.read(home)
        #expect(settings.token == nil && settings.text(.hubURL) == nil && settings.machineID == nil)
        #expect(settings.agentProgram("pi") == "/p" && settings.agentProgram("x") == nil)
    }

    @Test func aChangeKeepsEveryKeyThatIsNotOurs() throws {
        try write(Self.shared, to: "settings.json")
        try Settings.update(home) { $0.machineID = "new" }
        let before = try JSON.decode(JSONValue.self, from: Self.shared.utf8)
        let after = try JSON.decode(JSONValue.self, from: try #require(text(of: "settings.json")).utf8)
        var members = try #require(before.object)
        members["machineId"] = .string("new")
        #expect(after == .object(members))
        #expect(text(of: "settings.json")?.contains("12345678901234567890") == true)
        #expect(mode(of: "settings.json") == 0o600)
        #expect(entries(of: folder) == ["settings.json"])
    }

    @Test func aNumberThatNobodyCanKeepIsSaidToBeOne() throws {
        try write(#"{"future":1e400}"#, to: "settings.json")
        let error = #expect(throws: SettingsError.self) { try Settings.update(self.home) { $0.token = "t" } }
        #expect(error?.description.contains("a number in it does not fit") == true)
        #expect(text(of: "settings.json") == #"{"future":1e400}"#)
    }

    @Test(arguments: ["", "{", "not JSON", "[]", "null", #""text""#])
    func aFileThatCannotBeUnderstoodIsRefusedAndUntouched(text: String) throws {
        try write(text, to: "settings.json")
        let error = #expect(throws: SettingsError.self) { try Settings.read(self.home) }
        #expect(error?.description.hasPrefix("cannot use the settings in \(folder)/settings.json: ") == true)
        #expect(throws: SettingsError.self) { try Settings.update(self.home) { $0.machineID = "new" } }
        #expect(throws: SettingsError.self) { try Settings.machineID(self.home) }
        #expect(self.text(of: "settings.json") == text)
        #expect(entries(of: folder) == ["settings.json"])
    }

    @Test func aDirectoryInItsPlaceIsRefused() throws {
        try makeDirectory("settings.json")
        let error = #expect(throws: SettingsError.self) { try Settings.read(self.home) }
        #expect(error?.reason == "Is a directory")
    }

    @Test func aMachineGetsItsIdOnce() throws {
        let id = try Settings.machineID(home)
        #expect(id.wholeMatch(of: /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/) != nil)
        #expect(try Settings.machineID(home) == id)
        #expect(try Settings.read(home).machineID == id)
    }

    @Test func manyWhoMakeTheMachinesIdAtOnceAgree() async throws {
        let home = home
        let ids = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<6 { group.addTask { try await onThread { try Settings.machineID(home) } } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(ids.count == 1)
    }

    @Test(arguments: [31, -3600]) func aStaleLockIsTakenOver(age: Int) throws {
        try lockAge(age)
        try Settings.update(home) { $0.machineID = "new" }
        #expect(try Settings.read(home).machineID == "new")
        #expect(entries(of: folder) == ["settings.json"])
    }

    @Test func aFreshLockIsWaitedFor() async throws {
        try lockAge(5)
        let home = home
        async let update = onThread { try Settings.update(home) { $0.machineID = "new" } }
        try await Task.sleep(for: .milliseconds(150))
        #expect(text(of: "settings.json") == nil)
        rmdir("\(folder)/settings.json.hapi.lock")
        #expect(try await update.machineID == "new")
    }

    @Test func aLockThatIsNeverGivenUpIsAnErrorThatNamesIt() async throws {
        try lockAge(0)
        let home = home
        let error = await #expect(throws: SettingsError.self) {
            try await onThread { try Settings.update(home) { $0.machineID = "new" } }
        }
        #expect(error?.description.contains("settings.json.hapi.lock has been held for 5 s") == true)
        #expect(error?.description.contains("is ignored after 30 s") == true)
        #expect(text(of: "settings.json") == nil)
        #expect(entries(of: folder) == ["settings.json.hapi.lock"])
    }
}
