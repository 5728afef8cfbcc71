import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Interprets the arguments before any parser or agent sees them.
///
/// Sending a word to an agent by mistake costs money, so a word that is, or resembles, a command is refused
/// with a suggestion.
enum Invocation: Equatable {
    case version
    case command([String])
    /// All arguments are for a session in this terminal.
    case session
    case misuse(Misuse)

    init(_ arguments: [String]) {
        if arguments == ["stop"] {
            self = .misuse(
                Misuse("hapi stop needs a session", nil, help: "to stop the runner: hapi runner stop"))
            return
        }
        let arguments = Self.expanded(arguments)
        let word = arguments.first ?? ""
        let isCommand =
            CommandTree.root.child(word) != nil
            || ["help", "--help", "-h", Self.completionWord].contains(word)
        if arguments.contains("--version") || arguments.contains("-v") && !isCommand {
            self = .version
        } else if isCommand {
            self = CommandTree.misuse(in: arguments).map(Invocation.misuse) ?? .command(arguments)
        } else {
            self = Self.misuse(of: word, arguments).map(Invocation.misuse) ?? .session
        }
    }

    /// The first argument with which completion scripts call the parser.
    private static let completionWord = "---completion"

    /// Expands short forms; turns `hapi runner help` into `hapi help runner`.
    static func expanded(_ arguments: [String]) -> [String] {
        guard let word = arguments.first else { return arguments }
        if let long = shortForms[word] { return ["runner", long] + arguments.dropFirst() }
        let asksForHelp = arguments.count > 1 && arguments[1] == "help"
        guard asksForHelp, CommandTree.root.child(word)?.names.isEmpty == false else { return arguments }
        return ["help", word] + arguments.dropFirst(2)
    }

    private static let shortForms = [
        "ls": "list", "stop": "stop-session", "logs": "logs", "history": "history",
    ]

    /// Commands of HAPI that this program does not have.
    private static let notOffered: Set = [
        "connect", "hook-forwarder", "hub", "inspect-peer", "mcp", "notify", "ping-peer", "server",
    ]

    private static func misuse(of word: String, _ arguments: [String]) -> Misuse? {
        guard !word.isEmpty, Agent(rawValue: word) == nil else { return nil }
        if word == "gemini" { return Misuse(Agent.geminiRefusal, nil) }
        let isAlone = arguments.dropFirst().allSatisfy { $0.hasPrefix("-") }
        if notOffered.contains(word) {
            return Misuse("this program has no command '\(word)'", nil, forAgent: word)
        }
        if CommandTree.runner.child(word) != nil {
            return Misuse("'\(word)' is a command of the runner", "hapi runner \(word)", forAgent: word)
        }
        guard isAlone else { return nil }
        let known =
            CommandTree.root.names.map { ($0, "hapi \($0)") } + shortForms.keys.map { ($0, "hapi \($0)") }
            + CommandTree.runner.names.map { ($0, "hapi runner \($0)") }
            + Agent.allCases.map { ($0.rawValue, "hapi \($0.rawValue)") }
            + ["--help", "--version"].map { ($0, "hapi \($0)") }
        guard let nearest = Spelling.nearest(to: word, in: known.map(\.0)),
            let likely = known.first(where: { $0.0 == nearest })
        else { return nil }
        return Misuse("there is no command '\(word)'", likely.1, forAgent: word)
    }
}

/// A usage error: what is wrong, and what would be right.
struct Misuse: Equatable {
    let problem: String
    /// The command that was probably meant.
    let suggestion: String?
    /// The word, if it could be meant for the agent.
    let agentWord: String?

    /// What helps if there is no suggestion.
    let help: String

    init(
        _ problem: String, _ suggestion: String?, forAgent word: String? = nil,
        help: String = "hapi help lists the commands"
    ) {
        self.help = help
        self.problem = problem
        self.suggestion = suggestion
        agentWord = word
    }

    func tell() {
        Output.complain(problem, hint: suggestion == nil ? help : nil)
        if let suggestion { Output.errors("  Did you mean: \(suggestion.visible)?") }
        if let agentWord { Output.errors("  To send it to claude: hapi claude \(agentWord.visible)") }
    }
}

/// A command in the parser's tree, with its subcommands.
struct CommandTree {
    let type: any ParsableCommand.Type

    static let root = CommandTree(type: RootCommand.self)
    static let runner = CommandTree(type: RunnerCommand.self)

    var children: [CommandTree] {
        type.configuration.subcommands.map(CommandTree.init)
    }

    var name: String { type.configuration.commandName ?? "" }

    var names: [String] { children.filter { $0.type.configuration.shouldDisplay }.map(\.name) }

    func child(_ name: String) -> CommandTree? {
        children.first { $0.name == name || $0.type.configuration.aliases.contains(name) }
    }

    /// The first word that should name a command but does not.
    static func misuse(in arguments: [String]) -> Misuse? {
        let words = arguments.first == "help" ? arguments.dropFirst() : arguments[...]
        var (node, path) = (root, ["hapi"])
        for word in words {
            if node.names.isEmpty || word.hasPrefix("-") || word == "help" { return nil }
            guard let next = node.child(word) else {
                let whole = path.joined(separator: " ")
                let meant = Spelling.nearest(to: word, in: node.names).map { "\(whole) \($0)" }
                return Misuse("\(whole) has no command '\(word)'", meant)
            }
            path.append(word)
            node = next
        }
        return nil
    }

    /// The leading arguments that name commands: `hapi runner spawn`.
    static func path(of arguments: [String]) -> String {
        var (node, path) = (root, ["hapi"])
        for word in arguments {
            guard let next = node.child(word) else { break }
            path.append(word)
            node = next
        }
        return path.joined(separator: " ")
    }
}
