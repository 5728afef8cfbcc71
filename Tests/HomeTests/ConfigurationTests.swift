import HubProtocol
import Logging
import Testing

@testable import Home
@testable import HubClient
@testable import Processes

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
        #expect(configuration.hub?.token == "TOKEN:team")
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

    @Test(arguments: ["s3cret", #"["s3cret"]"#, #"{"X":"s3cret""#, #""s3cret""#])
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
        let configuration = try load([:], ["extraHeaders": headers])
        #expect(configuration.extraHeaders == ["A": "1"] && configuration.hub == nil)
        #expect(
            configuration.warnings
                == ["B", "C"].map {
                    "extraHeaders in /h/settings.json: the value of \($0) is left out, because it is not a string"
                })
    }

    static let unusableURLs = [
        "localhost:3006", "ftp://hub", "'http://hub'", "\"http://hub\"", "http://a b", "http://hub\n",
        "http://",
        "http://127.0.0.1:70000", "http://127.0.0.1:0", "http://127.0.0.1:99999999999999999999",
        "http://user:s3cret@hub", "http://s3cret@hub", "http://hub/?t=s3cret", "http://hub#s3cret",
    ]

    @Test(arguments: unusableURLs)
    func anAddressThatIsNoHubsIsNamedWithoutItsSecrets(url: String) {
        let stated: [([String: String], [String: JSONValue], String)] = [
            (["HAPI_API_URL": url], [:], "HAPI_API_URL"),
            ([:], ["apiUrl": .string(url)], "apiUrl in /h/settings.json"),
            ([:], ["serverUrl": .string(url)], "serverUrl in /h/settings.json"),
        ]
        for (environment, settings, source) in stated {
            let error = #expect(throws: ConfigurationError.self) { try self.load(environment, settings) }
            #expect(error?.variable == source)
            #expect(error?.description.contains("s3cret") == false, "\(error?.description ?? "")")
        }
    }

    @Test(arguments: ["http://hub", "HTTPS://hub:8443/", "http://[::1]:3006/hapi", "http://127.0.0.1:65535"])
    func anAddressIsTakenAsItWasWritten(url: String) throws {
        #expect(try load(["HAPI_API_URL": url]).hubURL == url)
    }

    @Test(arguments: [("tok\n", "tok"), ("\r\n tok:team\t", "tok:team"), ("t k", "t k")])
    func whiteSpaceAroundATokenIsDropped(stated: String, token: String) throws {
        #expect(try load(["CLI_API_TOKEN": stated]).hub?.token == token)
        #expect(try load([:], ["cliApiToken": .string(stated)]).hub?.token == token)
    }

    @Test(arguments: ["s3\u{1}cret", "s3\ncret", "s3\rcret", "s3\u{0}cret", "s3\u{7f}cret", "s3\u{1b}[cret"])
    func aTokenThatNoHeaderCanCarryIsRefusedAndNotShown(token: String) {
        for (environment, settings) in [
            (["CLI_API_TOKEN": token], [:]), ([:], ["cliApiToken": JSONValue.string(token)]),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try self.load(environment, settings) }
            #expect(
                error?.description.contains("oken") == true || error?.description.contains("TOKEN") == true)
            #expect(error?.description.contains("cret") == false)
        }
    }

    @Test(arguments: [("trace", Logger.Level.trace), ("INFO", .info), ("critical", .critical), ("", .info)])
    func theLogLevelIsOneOfTheNames(stated: String, level: Logger.Level) throws {
        #expect(try load(["HAPI_LOG_LEVEL": stated]).logLevel == level)
    }

    @Test func anotherLogLevelIsRefusedWithTheNames() {
        let error = #expect(throws: ConfigurationError.self) { try self.load(["HAPI_LOG_LEVEL": "loud"]) }
        #expect(
            error?.description
                == "HAPI_LOG_LEVEL is 'loud': trace, debug, info, notice, warning, error or critical is needed"
        )
    }

    static let wrongKinds: [(String, JSONValue)] = [
        ("cliApiToken", .integer(1)), ("apiUrl", .integer(5)), ("machineId", .array([])),
        ("extraHeaders", .string("none")), ("agentPrograms", .string("claude")),
        ("directoryCreation", .bool(true)), ("runnerAutoStartWhenRunningHappy", .string("yes")),
    ]

    @Test(arguments: wrongKinds)
    func aKeyOfTheWrongKindIsNamed(key: String, value: JSONValue) throws {
        let error = #expect(throws: ConfigurationError.self) { try self.load([:], [key: value]) }
        #expect(error?.variable == "\(key) in /h/settings.json")
        #expect(try load([:], [key: .null]).hub == nil)
    }

    @Test(arguments: [
        ("./claude", false), ("bin/claude", false), ("", false), ("claude", true), ("/c", true),
        ("~/c", true),
    ])
    func anAgentsProgramIsNotOneOfWhereverASessionWorks(program: String, isUsable: Bool) {
        let settings: [String: JSONValue] = ["agentPrograms": .object(["claude": .string(program)])]
        let taken = try? load([:], settings)
        #expect((taken != nil) == isUsable)
    }

    @Test func bytesThatAreNoTextAreRefusedWhereTextIsNeeded() {
        let odd = String(systemBytes: [0x61, 0xff])
        for name in ["CLI_API_TOKEN", "HAPI_API_URL", "HAPI_HOSTNAME", "HAPI_RUNNER_HTTP_TIMEOUT"] {
            let error = #expect(throws: ConfigurationError.self) { try self.load([name: odd]) }
            #expect(error?.variable == name)
        }
        #expect((try? load(["HAPI_CLI_EXECUTABLE": "/\(odd)"]))?.sessionProgram == "/\(odd)")
    }

    @Test func whatIsSaidOfAgentsThatAreNoneIsToldOf() throws {
        let settings: [String: JSONValue] = [
            "acpAgents": ["vibe": ["/opt/vibe-acp"], "other": ["other-acp"], "goose": [], "qwen": ["q", 1]],
            "agentPrograms": ["claude": "claude", "cloude": "claude"],
        ]
        let warnings = try load([:], settings).warnings
        #expect(warnings.count == 4, "\(warnings)")
        #expect(warnings.contains { $0.contains("acpAgents") && $0.contains("names other") })
        #expect(warnings.contains { $0.contains("agentPrograms") && $0.contains("names cloude") })
        #expect(warnings.filter { $0.contains("no list of words for") }.count == 2)
        #expect(Settings(settings).acpAgents == ["vibe": ["/opt/vibe-acp"], "other": ["other-acp"]])
    }
}
