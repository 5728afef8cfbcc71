import ArgumentParser
import Home
import HubProtocol
import Processes

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "The settings, and where each comes from.",
        subcommands: [ConfigListCommand.self], defaultSubcommand: ConfigListCommand.self)
}

struct ConfigListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Every setting with its value and its source; secrets are not shown.",
        discussion: "What each means is told in docs/settings-and-environment.md.")

    @Flag(help: "One JSON document.") var json = false

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let settings = try Settings.read(home)
        // What cannot be used is an error here too, with its place.
        _ = try Configuration.load(environment: processEnvironment)
        let entries = SettingEntry.all.map { $0.looked(up: processEnvironment, settings) }
        if json { return try Output.json(.array(entries.map(\.json))) }
        var table = Table(["SETTING", "VALUE", "FROM"], fits: ["VALUE": .text])
        for entry in entries { table.add([entry.name, entry.value ?? "-", entry.source]) }
        Output.line(table.rendered())
    }
}

/// One value that can be set: by a variable, by a key of `settings.json`, or both.
struct SettingEntry {
    /// Of `settings.json`.
    let key: String?
    let variable: String?
    let standard: String?
    var isSecret = false

    static let all: [SettingEntry] = [
        .init(key: "apiUrl", variable: "HAPI_API_URL", standard: "http://localhost:3006"),
        // Its older name.
        .init(key: "serverUrl", variable: nil, standard: nil),
        .init(key: "cliApiToken", variable: "CLI_API_TOKEN", standard: nil, isSecret: true),
        .init(key: "extraHeaders", variable: "HAPI_EXTRA_HEADERS_JSON", standard: nil, isSecret: true),
        .init(key: "machineId", variable: nil, standard: nil),
        .init(key: nil, variable: "HAPI_HOSTNAME", standard: nil),
        .init(key: nil, variable: "NODE_EXTRA_CA_CERTS", standard: nil),
        .init(key: "directoryCreation", variable: nil, standard: "allow"),
        .init(key: "agentPrograms", variable: nil, standard: nil),
        .init(key: "runnerAutoStartWhenRunningHappy", variable: nil, standard: "true"),
        .init(key: "onSessionEnd", variable: nil, standard: nil),
        .init(key: nil, variable: "HAPI_CLI_EXECUTABLE", standard: "this program"),
        .init(key: nil, variable: "HAPI_RUNNER_HEARTBEAT_INTERVAL", standard: "60000"),
        .init(key: nil, variable: "HAPI_RUNNER_HTTP_TIMEOUT", standard: "10000"),
        .init(key: nil, variable: "HAPI_RUNNER_WEBHOOK_TIMEOUT_MS", standard: "15000"),
        .init(key: nil, variable: "HAPI_RUNNER_SUPERVISED", standard: nil),
        .init(key: nil, variable: "HAPI_DISABLE_VERSION_HANDOFF", standard: nil),
    ]

    struct Found {
        let name: String
        let value: String?
        let source: String

        var json: JSONValue {
            .object(["name": .string(name), "value": .init(value), "source": .string(source)])
        }
    }

    func looked(up environment: [String: String], _ settings: Settings) -> Found {
        let name = key ?? variable ?? ""
        func shown(_ text: String) -> String { isSecret ? "set (not shown)" : text }
        if let variable, let text = environment[variable], !text.isEmpty {
            return Found(name: name, value: shown(text), source: variable)
        }
        if let value = key.flatMap(settings.member), value != .null, value != .string("") {
            // Whatever was read from JSON can be written as JSON.
            let text = value.string ?? (try? JSON.text(value)) ?? "?"
            return Found(name: name, value: shown(text), source: "settings.json")
        }
        return Found(name: name, value: standard, source: "default")
    }
}
