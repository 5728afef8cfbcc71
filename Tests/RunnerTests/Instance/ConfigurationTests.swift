import HubProtocol
import Testing

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner
@testable import SessionProcess

@Suite struct ConfigurationTests {
    private func load(
        _ environment: [String: String], _ settings: [String: JSONValue] = [:]
    ) throws(ConfigurationError) -> Configuration {
        try Configuration(
            environment: environment, home: RunnerHome(path: "/h"), settings: Settings(settings))
    }

    @Test func withoutAnythingTheDefaultsHold() throws {
        let configuration = try load([:])
        #expect(configuration.hub == nil)
        #expect(configuration.hubURL == "http://localhost:3006")
        #expect(configuration.extraHeaders.isEmpty)
        #expect(configuration.host == hostName())
        #expect(configuration.heartbeatInterval == .seconds(60))
        #expect(configuration.controlTimeout == .seconds(10))
        #expect(configuration.reportTimeout == .seconds(15))
        #expect(!configuration.supervised && !configuration.renewalDisabled)
        #expect(configuration.sessionProgram == nil)
    }

    @Test func theEnvironmentStandsAboveTheSettings() throws {
        let settings: [String: JSONValue] = [
            "cliApiToken": .string("settings token"), "apiUrl": .string("http://settings"),
            "serverUrl": .string("http://legacy"), "extraHeaders": .object(["X-S": .string("1")]),
        ]
        let fromSettings = try load([:], settings)
        #expect(fromSettings.hub?.token == "settings token")
        #expect(fromSettings.hub?.url == "http://settings" && fromSettings.hubURL == "http://settings")
        #expect(fromSettings.extraHeaders == ["X-S": "1"])
        let environment = [
            "CLI_API_TOKEN": "env token", "HAPI_API_URL": "http://env/",
            "HAPI_EXTRA_HEADERS_JSON": #"{"X-E":"2"}"#,
        ]
        let fromEnvironment = try load(environment, settings)
        #expect(fromEnvironment.hub?.token == "env token")
        #expect(fromEnvironment.hub?.url == "http://env/")
        #expect(fromEnvironment.extraHeaders == ["X-E": "2"])
    }

    @Test func theOlderNameOfTheHubsAddressIsTheLastToBeAsked() throws {
        #expect(try load([:], ["serverUrl": .string("http://legacy")]).hubURL == "http://legacy")
        let both: [String: JSONValue] = ["apiUrl": .string(""), "serverUrl": .string("http://legacy")]
        #expect(try load([:], both).hubURL == "http://legacy")
    }

    @Test(arguments: [
        "HAPI_API_URL", "CLI_API_TOKEN", "HAPI_HOSTNAME", "HAPI_CLI_EXECUTABLE", "NODE_EXTRA_CA_CERTS",
    ])
    func anEmptyVariableIsAnUnsetOne(name: String) throws {
        let empty = try load([name: ""])
        #expect(empty.hub == nil && empty.hubURL == Configuration.defaultHubURL)
        #expect(empty.host == hostName() && empty.sessionProgram == nil)
        var variables = ["CLI_API_TOKEN": "TOKEN"]
        variables[name] = ""
        let withToken = try load(variables)
        #expect(withToken.hub?.extraTrustRoots == nil)
    }

    @Test func whatIsSetIsTakenAsItIs() throws {
        let configuration = try load([
            "HAPI_HOSTNAME": "my box", "HAPI_CLI_EXECUTABLE": "/opt/hapi", "NODE_EXTRA_CA_CERTS": "/ca.pem",
            "HAPI_RUNNER_SUPERVISED": "1", "HAPI_DISABLE_VERSION_HANDOFF": "1",
            "CLI_API_TOKEN": " TOKEN:team ",
        ])
        #expect(configuration.host == "my box")
        #expect(configuration.sessionProgram == "/opt/hapi")
        #expect(configuration.hub?.extraTrustRoots == "/ca.pem")
        #expect(configuration.supervised && configuration.renewalDisabled)
        #expect(configuration.hub?.token == " TOKEN:team ")
        #expect(configuration.environment["HAPI_HOSTNAME"] == "my box")
    }

    @Test(arguments: ["", "0", "true", "yes", "01", " 1"])
    func aSwitchIsOnOnlyForOne(value: String) throws {
        let off = try load(["HAPI_RUNNER_SUPERVISED": value, "HAPI_DISABLE_VERSION_HANDOFF": value])
        #expect(!off.supervised && !off.renewalDisabled)
    }

    static let durations = [
        "HAPI_RUNNER_HEARTBEAT_INTERVAL", "HAPI_RUNNER_HTTP_TIMEOUT", "HAPI_RUNNER_WEBHOOK_TIMEOUT_MS",
    ]

    private func duration(_ name: String, _ configuration: Configuration) -> Duration {
        switch name {
        case "HAPI_RUNNER_HEARTBEAT_INTERVAL": configuration.heartbeatInterval
        case "HAPI_RUNNER_HTTP_TIMEOUT": configuration.controlTimeout
        default: configuration.reportTimeout
        }
    }

    @Test(arguments: durations, [10, 250, 86_400_000])
    func aNumberOfMillisecondsIsTaken(name: String, value: Int) throws {
        #expect(duration(name, try load([name: "\(value)"])) == .milliseconds(value))
    }

    @Test(
        arguments: durations, ["9", "0", "-1", "86400001", "1.5", "1e3", "ten", " ", "99999999999999999999"])
    func anyOtherIsAnErrorThatNamesVariableAndValue(name: String, value: String) {
        let error = #expect(throws: ConfigurationError.self) { try self.load([name: value]) }
        let words = "\(name) is '\(value)': a number of milliseconds from 10 to 86400000 is needed"
        #expect(error?.description == words)
    }

    @Test(arguments: ["hapi", "./hapi", "~/hapi"])
    func aProgramForSessionsIsAnAbsolutePath(value: String) {
        let error = #expect(throws: ConfigurationError.self) { try self.load(["HAPI_CLI_EXECUTABLE": value]) }
        #expect(error?.description == "HAPI_CLI_EXECUTABLE is '\(value)': an absolute path is needed")
    }

    @Test(arguments: ["s3cret", #"["s3cret"]"#, #"{"X":1,"Y":"s3cret"}"#, #"{"X":"s3cret""#, #""s3cret""#])
    func headersThatCannotBeUsedAreNotShown(value: String) {
        let error = #expect(throws: ConfigurationError.self) {
            try self.load(["HAPI_EXTRA_HEADERS_JSON": value])
        }
        #expect(error?.variable == "HAPI_EXTRA_HEADERS_JSON")
        #expect(error?.description.contains("s3cret") == false)
        #expect(error?.description.contains("a JSON object with strings as values") == true)
    }

    @Test func headersOfTheEnvironmentReplaceThoseOfTheSettingsEvenIfThereAreNone() throws {
        let settings: [String: JSONValue] = ["extraHeaders": .object(["X-S": .string("1")])]
        #expect(try load(["HAPI_EXTRA_HEADERS_JSON": "{}"], settings).extraHeaders.isEmpty)
        #expect(try load(["HAPI_EXTRA_HEADERS_JSON": ""], settings).extraHeaders.isEmpty)
    }

    @Test func headersOfTheSettingsThatAreNoTextAreLeftOut() throws {
        let headers = JSONValue.object(["A": .string("1"), "B": .integer(2), "C": .null])
        #expect(try load([:], ["extraHeaders": headers]).extraHeaders == ["A": "1"])
        #expect(try load([:], ["extraHeaders": .string("none")]).extraHeaders.isEmpty)
    }
}
