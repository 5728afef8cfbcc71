import Glibc
import Home
import HubClient
import Processes

/// The agent's own program: finds it, starts it in the foreground, and waits for its end.
package struct AgentProgram: Sendable {
    let path: String
    let arguments: [String]
    let environment: [String: String]
    let directory: String

    /// The path of the agent's program. Throws if the kernel would not run it, so that this is reported
    /// before the session counts as started.
    static func usablePath(
        of agent: Agent, _ settings: Settings, program: String? = nil, _ environment: [String: String]
    ) throws -> String {
        let path = try path(of: agent, settings, program: program, environment)
        if let problem = ExecFailure.foreseen(path) {
            throw AgentUnusable(agent: agent, path: path, problem: problem)
        }
        return path
    }

    /// The agent's program from the settings, or found by name in `PATH`.
    ///
    /// - Parameter program: the name of the program that talks over standard streams; it may differ from the
    ///   one for a terminal.
    package static func path(
        of agent: Agent, _ settings: Settings, program: String? = nil, _ environment: [String: String]
    ) throws -> String {
        let stated = settings.agentProgram(agent.rawValue)
        let name =
            try stated.map { try UserHome.expand($0, environment) } ?? program ?? programNames[agent]
            ?? agent.rawValue
        if isAbsolute(name) {
            guard isProgram(name) else { throw AgentNotFound(agent: agent, name: name) }
            return name
        }
        let searchPath = environment.stated(.path) ?? "/usr/bin:/bin"
        for folder in searchPath.split(separator: ":") where isProgram("\(folder)/\(name)") {
            return try absolutePath("\(folder)/\(name)")
        }
        throw AgentNotFound(agent: agent, name: name)
    }

    /// `access` also succeeds for a directory.
    private static func isProgram(_ path: String) -> Bool {
        access(path, X_OK) == 0 && !isDirectory(path)
    }

    private static let programNames: [Agent: String] = [.cursor: "agent", .dsh: "dsh-acp-demo"]

    /// Starts it on this process's own streams and in its process group, so that it gets the terminal's
    /// signals.
    func start() throws(LaunchError) -> RunningAgent {
        let launch = ProcessLaunch(
            program: path, arguments: [path] + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" },
            directory: directory, input: .descriptor(0), output: .descriptor(1), errors: .descriptor(2),
            startsSession: false)
        return RunningAgent(process: LaunchedProcess(pid: try launch.start()))
    }
}

/// A started agent that has not been reaped.
struct RunningAgent: Sendable {
    let process: LaunchedProcess

    var pid: Int32 { process.pid }

    func signal(_ signal: Int32) { process.signal(signal) }

    /// Whether it is still running after a moment. An agent that cannot work usually exits at once.
    func lives(for moment: Duration) async -> Bool {
        await !process.ended(within: moment)
    }

    /// Waits until it exits, and reaps it.
    func ended() async -> ChildExit { await process.waitForExit() ?? .unknown }

    /// Sends SIGTERM, then SIGKILL if needed.
    func end() async {
        guard let identity = process.identity else { return }
        _ = await StopSequence.standard.run { [identity] }
    }
}

package struct AgentNotFound: Error, CustomStringConvertible {
    let agent: Agent
    let name: String
    package var description: String {
        "\(agent.rawValue) is not installed (\(name.contains("/") ? name : "\(name) not found in PATH")). "
            + "Install it, or name it in settings.json: \"agentPrograms\": {\"\(agent.rawValue)\": \"/path/to/it\"}"
    }
}

package struct AgentUnusable: Error, CustomStringConvertible {
    let agent: Agent
    let path: String
    let problem: String
    package var description: String {
        "cannot start \(path), the program of the agent \(agent.rawValue): \(problem)"
    }
}
