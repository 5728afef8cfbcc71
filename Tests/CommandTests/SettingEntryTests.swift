import FoundationEssentials
import Home
import HubProtocol
import Testing

@testable import hapi

/// `hapi config list`, and the schema of `settings.json`.
@Suite struct SettingEntryTests {
    private func found(
        _ name: String, _ environment: [String: String] = [:], _ settings: [String: JSONValue] = [:]
    ) throws -> SettingEntry.Found {
        let entry = try #require(
            SettingEntry.all.first { [$0.key?.rawValue, $0.variable?.rawValue].contains(name) })
        return entry.looked(up: environment, Settings(settings))
    }

    @Test func theEnvironmentComesBeforeTheSettingsAndThoseBeforeTheDefault() throws {
        let settings: [String: JSONValue] = ["apiUrl": .string("http://b")]
        let stated = try found("apiUrl", ["HAPI_API_URL": "http://a"], settings)
        #expect(stated.value == "http://a" && stated.source == "HAPI_API_URL")
        let stored = try found("apiUrl", ["HAPI_API_URL": ""], settings)
        #expect(stored.value == "http://b" && stored.source == "settings.json")
        #expect(try found("apiUrl").source == "default")
    }

    @Test func secretsAreNotShown() throws {
        #expect(try found("cliApiToken", ["CLI_API_TOKEN": "secret"]).value == "set (not shown)")
        #expect(
            try found("extraHeaders", [:], ["extraHeaders": .object(["X": .string("secret")])]).value
                == "set (not shown)")
    }

    @Test func theSchemaNamesWhatTheProgramReadsAndNothingElse() throws {
        let path = #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }
        let bytes = try #require(FileManager.default.contents(atPath: path + "/docs/settings.schema.json"))
        let schema = try JSON.decode(JSONValue.self, from: bytes)
        let properties = try #require(schema["properties"]?.object)
        #expect(Set(properties.keys) == Set(SettingEntry.all.compactMap(\.key?.rawValue)))
        for entry in SettingEntry.all {
            guard let key = entry.key?.rawValue, entry.variable == nil, let standard = entry.standard else {
                continue
            }
            let told = properties[key]?["default"]
            let words = told?.string ?? told?.bool.map { "\($0)" } ?? told?.integer.map { "\($0)" }
            #expect(words == standard, "\(key)")
        }
    }
}
