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
        commandName: "spawn", abstract: "Start a session in the background.",
        discussion: """
            EXAMPLES
              hapi runner spawn ~/project -- "what is this repository about?"
              hapi runner spawn ~/project --name fix-login --worktree
              hapi runner spawn ~/project --agent codex --model o3 --yolo
              hapi runner spawn ~/new-project --create-directory
              hapi runner spawn ~/project --memory 8G --cpus 2 --timeout 4h
            """)

    @Argument(help: "The directory the session works in.") var directory: String
    @Option(help: "The session's name (default: its directory's name).") var name: String?
    @Option(help: "The agent to run.") var agent = Choice(Agent.claude)
    @Option(help: "The model the agent uses.") var model: String?
    @Option(help: "The model's reasoning effort (claude, grok, pi, agy).") var effort: String?
    @Option(help: ArgumentHelp("The agent's permission mode.", valueName: "mode")) var permissionMode: String?
    @Flag(help: "Let the agent act without asking.") var yolo = false
    @Flag(help: "Work in a git worktree made for this session.") var worktree = false
    @Option(help: ArgumentHelp("The worktree's name; implies --worktree.", valueName: "name"))
    var worktreeName: String?
    @Option(help: ArgumentHelp("Continue the agent's own conversation with this id.", valueName: "id"))
    var resume: String?
    @Flag(help: "Create the directory if it is missing.") var createDirectory = false
    @OptionGroup var limits: LimitOptions
    @Option(
        help: ArgumentHelp(
            "An id of your choice; a request repeated with it starts nothing new.", valueName: "id"))
    var requestID: String?
    @Flag(help: "Print one JSON document.") var json = false
    @Argument(
        parsing: .postTerminator,
        help: ArgumentHelp("The first prompt for the agent, after --.", valueName: "prompt"))
    var prompt: [String] = []

    func validate() throws { try agent.check() }

    func run() async throws {
        var parameters = limits.applied(to: SpawnParameters(directory: try absolutePath(directory)))
        parameters.name = name
        parameters.agent = agent.value?.rawValue
        parameters.model = model
        parameters.effort = effort
        parameters.permissionMode = permissionMode
        parameters.yolo = yolo ? true : nil
        parameters.resumeSessionId = resume
        parameters.sessionType = worktree || worktreeName != nil ? "worktree" : nil
        parameters.worktreeName = worktreeName
        parameters.approvedNewDirectoryCreation = createDirectory
        let request = requestID ?? newID()
        let (client, wanted) = (try ControlClient.ofRunningRunner(), parameters)
        let answer = try await SpawnProgress.during(request) {
            try await client.spawn(wanted, requestID: request)
        }
        try await SpawnReport(request: request, json: json, worktreeName: worktreeName).tell(answer)
        if case .started(let id) = answer, !prompt.isEmpty { try Self.ask(prompt, id) }
    }

    /// Sends the prompt. A session that has reported is already listening on its socket.
    private static func ask(_ prompt: [String], _ id: String) throws {
        let home = try RunnerHome.fromEnvironment()
        var client = try LocalClient.of(try SessionLookup.session(id, in: home), home)
        try client.order(["type": "prompt", "text": .string(prompt.joined(separator: " "))])
    }

    /// Parses `--worktree NAME`. The parser has no options with optional values, so the next word is tried as
    /// the name first; nil if that does not parse.
    static func parse(_ arguments: [String]) throws -> ParsableCommand? {
        guard arguments.starts(with: ["runner", "spawn"]), let flag = arguments.firstIndex(of: "--worktree"),
            flag + 1 < arguments.count, !arguments[flag + 1].hasPrefix("-")
        else { return nil }
        var named = arguments
        named[flag] = "--worktree-name"
        return try? RootCommand.parseAsRoot(named)
    }
}

/// Prints the answer to a spawn request.
struct SpawnReport {
    let request: String
    let json: Bool
    /// The worktree's requested name.
    var worktreeName: String?

    func tell(_ answer: SpawnAnswer) async throws {
        switch answer {
        case .started(let id):
            if json { return Output.json(.object(["sessionId": .string(id)])) }
            try await tellStart(id)
        case .needsApproval(let directory):
            Output.complain("\(directory) does not exist", hint: "add --create-directory to have it created")
            throw ExitCode(ExitStatus.needsApproval)
        case .late(let message), .refused(let message), .failed(let message):
            Output.complain(message)
            throw ExitCode(ExitStatus.failed)
        }
    }

    /// How long to watch a started session: one that cannot begin its work ends shortly after it has
    /// reported.
    private static let moment = Duration.milliseconds(700)

    private func tellStart(_ happyID: String) async throws {
        let home = try RunnerHome.fromEnvironment()
        guard let view = try view(home) else { return Output.line("Started session \(happyID.visible).") }
        let deadline = ContinuousClock.now + Self.moment
        while ContinuousClock.now < deadline {
            if let exit = try self.view(home), exit.session.exit != nil {
                let last = LogText.lastLine(of: exit.session.logPath ?? "").map { ": \($0)" } ?? ""
                Output.complain(
                    "\(exit.title) ended at once: \(exit.ending)\(last)", hint: "hapi logs \(exit.title)")
                throw ExitCode(ExitStatus.failed)
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let worktree = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.worktree(of: view.session.id)
        }
        Output.line(text(view, worktree ?? nil))
    }

    private func view(_ home: RunnerHome) throws -> SessionView? {
        let session = try StoreConnection.lookingAt(home) { store throws(StoreError) -> SessionRecord? in
            guard let id = try store.spawnRequest(request)?.sessionID else { return nil }
            return try store.session(id)
        }
        return (session ?? nil).map(SessionView.init)
    }

    private func text(_ view: SessionView, _ worktree: WorktreeRecord?) -> String {
        let name = view.title.visible
        var lines = [
            "Started \(name) (\(view.session.agent), \(view.shortID)) in \(view.session.directory.visible.tilded)"
        ]
        if let worktree {
            lines.append("  worktree  \(worktree.path.visible.tilded), branch \(worktree.branch.visible)")
            if let worktreeName, !isSamePath(worktreeName, worktree.name) {
                lines.append("            (\(worktreeName.visible) was taken, or is no name for a branch)")
            }
        }
        lines += ["  output    hapi logs \(name) -f", "  stop      hapi stop \(name)"]
        return lines.joined(separator: "\n")
    }
}
