import ArgumentParser
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct SpawnCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "spawn", abstract: "Have the runner start a session.",
        discussion: """
            EXAMPLES
              hapi runner spawn ~/project -- "what is this repository about?"
              hapi runner spawn ~/project --agent codex --model o3 --yolo
              hapi runner spawn ~/new-project --create-directory
            """)

    @Argument(help: "Where the session works.") var directory: String
    @Option(help: "The agent to run.") var agent: Agent = .claude
    @Option(help: "The agent's model.") var model: String?
    @Option(help: "How hard the model thinks (claude, grok, pi, agy).") var effort: String?
    @Option(help: "The agent's permission mode.") var permissionMode: String?
    @Flag(help: "Let the agent act without asking.") var yolo = false
    @Flag(help: "Work in a git worktree made for this session.") var worktree = false
    @Option(help: "What to name the worktree; implies --worktree.") var worktreeName: String?
    @Option(help: "Go on with the agent's own conversation of this id.") var resume: String?
    @Flag(help: "Create the directory if it is missing.") var createDirectory = false
    @Option(help: "An id that makes a repeated request harmless.") var requestID: String?
    @Flag(help: "One JSON document.") var json = false
    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("What the agent is asked first, after --.", valueName: "prompt"))
    var prompt: [String] = []

    func run() async throws {
        var parameters = SpawnParameters(directory: try absolutePath(directory))
        parameters.agent = agent.rawValue
        parameters.model = model
        parameters.effort = effort
        parameters.permissionMode = permissionMode
        parameters.yolo = yolo ? true : nil
        parameters.resumeSessionId = resume
        parameters.sessionType = worktree || worktreeName != nil ? "worktree" : nil
        parameters.worktreeName = worktreeName
        parameters.approvedNewDirectoryCreation = createDirectory
        let answer = try await ControlClient.ofRunningRunner().spawn(parameters, requestID: requestID)
        try Self.tell(answer, json: json)
        if case .started(let id) = answer, !prompt.isEmpty { try Self.ask(prompt, id) }
    }

    /// A session that has reported listens already.
    private static func ask(_ prompt: [String], _ id: String) throws {
        let home = try RunnerHome.fromEnvironment()
        var client = try LocalClient.of(try SessionLookup.session(id, in: home), home)
        try client.order(["type": "prompt", "text": .string(prompt.joined(separator: " "))])
    }

    /// `--worktree NAME` is two words for the parser, which knows no option whose value may be missing:
    /// tried with the word behind as its name first. nil where that does not fit.
    static func parse(_ arguments: [String]) throws -> ParsableCommand? {
        guard arguments.starts(with: ["runner", "spawn"]), let flag = arguments.firstIndex(of: "--worktree"),
            flag + 1 < arguments.count, !arguments[flag + 1].hasPrefix("-")
        else { return nil }
        var named = arguments
        named[flag] = "--worktree-name"
        return try? RootCommand.parseAsRoot(named)
    }

    static func tell(_ answer: SpawnAnswer, json: Bool) throws {
        switch answer {
        case .started(let id):
            if json {
                try Output.json(.object(["sessionId": .string(id)]))
            } else {
                Output.line("Session started: \(id.visible)")
            }
        case .needsApproval(let directory):
            Output.complain("\(directory) does not exist", hint: "add --create-directory to have it created")
            throw ExitCode(ExitStatus.needsApproval)
        case .late(let message), .refused(let message), .failed(let message):
            Output.complain(message)
            throw ExitCode(ExitStatus.failed)
        }
    }
}

extension Agent: ExpressibleByArgument {}
