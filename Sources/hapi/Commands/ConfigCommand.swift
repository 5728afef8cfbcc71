import ArgumentParser
import Home
import HubProtocol
import Processes

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the settings, and where each comes from.",
        subcommands: [ConfigListCommand.self], defaultSubcommand: ConfigListCommand.self)
}

struct ConfigListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List every setting with its value and its source; secrets are not shown.",
        discussion: "docs/settings-and-environment.md says what each one means.")

    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let settings = try Settings.read(home)
        // An invalid value is reported with its source, as by any other command.
        _ = try Configuration.load(environment: processEnvironment)
        let entries = SettingEntry.all.map { $0.looked(up: processEnvironment, settings) }
        if json { return Output.json(.array(entries.map(\.json))) }
        var table = Table(["SETTING", "VALUE", "FROM"], fits: ["VALUE": .text])
        for entry in entries { table.add([entry.name, entry.value ?? "-", entry.source]) }
        Output.line(table.rendered())
    }
}

/// A configuration value: set by a variable, by a key of `settings.json`, or by either.
struct SettingEntry {
    let key: Settings.Key?
    let variable: Variable?
    /// The default; nil if there is none.
    let standard: String?
    let isSecret: Bool

    private init(
        _ key: Settings.Key? = nil, _ variable: Variable? = nil, standard: String? = nil,
        isSecret: Bool = false
    ) {
        self.key = key
        self.variable = variable
        self.standard = standard
        self.isSecret = isSecret
    }

    static let all: [SettingEntry] = [
        .init(.hubURL, .hubURL, standard: Configuration.defaultHubURL),
        .init(.olderHubURL),
        .init(.token, .token, isSecret: true),
        .init(.extraHeaders, .extraHeaders, isSecret: true),
        .init(.machineID),
        .init(nil, .hostName),
        .init(nil, .trustRoots),
        .init(.directoryCreation, standard: DirectoryPolicy.allow.rawValue),
        .init(.worktreeMinutes, standard: "10"),
        .init(.agentPrograms),
        .init(.acpAgents),
        .init(.resumesAfterReboot, standard: "false"),
        .init(.startsRunner, standard: "true"),
        .init(.onSessionEnd),
        .init(nil, .sessionProgram, standard: "this program"),
        .init(nil, .heartbeatInterval, standard: "60000"),
        .init(nil, .controlTimeout, standard: "10000"),
        .init(nil, .reportTimeout, standard: "15000"),
        .init(nil, .logLevel, standard: "info"),
        .init(nil, .supervised),
        .init(nil, .renewalDisabled),
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
        let name = key?.rawValue ?? variable?.rawValue ?? ""
        func shown(_ text: String) -> String { isSecret ? "set (not shown)" : text }
        if let variable, let text = environment.stated(variable) {
            return Found(name: name, value: shown(text), source: variable.rawValue)
        }
        if let value = key.flatMap({ settings[$0] }), value != .null, value != .string("") {
            // Cannot fail for a value that was read from JSON.
            let text = value.string ?? (try? JSON.text(value)) ?? "?"
            return Found(name: name, value: shown(text), source: "settings.json")
        }
        return Found(name: name, value: standard, source: "default")
    }
}
