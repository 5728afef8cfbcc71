import HubProtocol
import Processes

extension AgentTable {
    static let claudeTerminal = TerminalRow(
        converses: ClaudeArguments.converses,
        begin: { given, hook in ClaudeArguments.hooked(given, hook) },
        goOn: { given, opening, hook in ClaudeArguments.hooked(ClaudeArguments.again(given, opening), hook) },
        transcript: { ClaudeTranscript(since: $0) })
}

/// The arguments of Claude Code in a terminal.
enum ClaudeArguments {
    /// Subcommands, and flags that make it print something and exit.
    private static let others: Set<String> = [
        "mcp", "config", "doctor", "update", "upgrade", "install", "plugin", "plugins", "agents", "auth",
        "setup-token", "auto-mode", "-p", "--print", "-v", "--version", "-h", "--help",
    ]

    static func converses(_ given: [String]) -> Bool {
        guard let first = given.first else { return true }
        return !others.contains(first)
            && given.prefix { $0 != "--" }.allSatisfy { !$0.hasPrefix("-") || !others.contains($0) }
    }

    /// Adds our own hook to the user's settings. It writes down which conversation Claude has begun.
    static func hooked(_ given: [String], _ file: String) -> [String] {
        var rest = given
        var settings = JSONValue.object([:])
        if let index = rest.prefix(while: { $0 != "--" }).lastIndex(of: "--settings"), index + 1 < rest.count
        {
            // Claude reports settings that cannot be read. Then there is no hook.
            guard let stated = read(rest[index + 1]) else { return given }
            settings = stated
            rest.removeSubrange(index...index + 1)
        }
        // Cannot fail: any JSON value can be encoded.
        guard let text = try? JSON.text(adding(file, to: settings)) else { return given }
        return ["--settings", text] + rest
    }

    /// Reads settings given as a file name or as JSON.
    private static func read(_ stated: String) -> JSONValue? {
        let bytes = stated.first == "{" ? Array(stated.utf8) : readFile(stated)
        // Settings must be a JSON object.
        guard let bytes, let value = try? JSONValue(parsing: bytes), value.object != nil else { return nil }
        return value
    }

    private static func adding(_ file: String, to settings: JSONValue) -> JSONValue {
        let path = file.replacing("'", with: #"'\''"#)
        // What a hook prints is passed to the model, so this one prints nothing.
        let command = "umask 077; { cat; echo; } >> '\(path)'"
        var members = settings.object ?? [:]
        var hooks = members["hooks"]?.object ?? [:]
        let ours: JSONValue = ["hooks": [["type": "command", "command": .string(command)]]]
        hooks["SessionStart"] = .array((hooks["SessionStart"]?.array ?? []) + [ours])
        members["hooks"] = .object(hooks)
        return .object(members)
    }

    // MARK: Continuing

    private static let lone: Set<String> = [
        "--dangerously-skip-permissions", "--allow-dangerously-skip-permissions", "--verbose", "--ide",
        "--strict-mcp-config", "--chrome", "--no-chrome", "--bare", "--disable-slash-commands",
        "--no-session-persistence", "--brief",
    ]
    private static let many: Set<String> = [
        "--allowedTools", "--allowed-tools", "--disallowedTools", "--disallowed-tools", "--tools",
        "--add-dir",
        "--mcp-config", "--betas", "--plugin-dir", "--file",
    ]
    /// Flags that select the conversation. They are dropped, and `--resume` is added anew.
    private static let once: Set<String> = [
        "--resume", "-r", "--continue", "-c", "--session-id", "--fork-session", "--from-pr",
    ]

    /// The arguments for continuing: without the first prompt, and with the current conversation and mode.
    static func again(_ given: [String], _ opening: AgentOpening) -> [String] {
        var kept: [String] = []
        var flag = ""
        var values = 0
        for word in given {
            if word == "--" { break }
            if word.hasPrefix("-") {
                flag = word
                values = 0
                if !drops(flag, opening) { kept.append(word) }
                continue
            }
            values += 1
            let isValue = many.contains(flag) || (!flag.isEmpty && !lone.contains(flag) && values == 1)
            if isValue, !drops(flag, opening) { kept.append(word) }
        }
        if let mode = setMode(opening) { kept += ["--permission-mode", mode] }
        return kept + (opening.nativeID.map { ["--resume", $0] } ?? [])
    }

    private static func drops(_ flag: String, _ opening: AgentOpening) -> Bool {
        once.contains(flag) || (flag == "--permission-mode" && setMode(opening) != nil)
    }

    /// Claude refuses `bypassPermissions` to root. If the user started with it, it is in the arguments
    /// already.
    private static func setMode(_ opening: AgentOpening) -> String? {
        opening.mode == "bypassPermissions" ? nil : opening.mode
    }
}
