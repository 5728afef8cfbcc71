import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

extension Doctor {
    /// Which agents the sessions find, and in which versions.
    func agentFindings(_ configuration: Configuration) async -> [Finding] {
        // What a session gets, not what this shell has; an unreadable file is its own finding.
        let settings = (try? Settings.read(home)) ?? Settings.none
        let path = environment["PATH"] ?? "/usr/bin:/bin"
        let programs = Agent.allCases.compactMap { agent in
            // Not being installed is no fault: nobody has them all.
            (try? AgentProgram.path(of: agent, settings, environment)).map { (agent, $0) }
        }
        guard !programs.isEmpty else {
            return [
                .bad("agents", "none is found in PATH (\(path))", "install one, for example claude or codex")
            ]
        }
        return await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, (agent, program)) in programs.enumerated() {
                group.addTask { (index, await Self.finding(agent, program, environment)) }
            }
            var found: [(Int, Finding)] = []
            for await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static func finding(_ agent: Agent, _ program: String, _ environment: [String: String]) async
        -> Finding
    {
        do {
            let answer = try await HelperProcess.run(
                program, ["--version"], environment: environment, within: .seconds(5))
            guard answer.status == 0 else {
                return .bad(agent.rawValue, "\(program) --version: \(answer.words)", "\(program) --version")
            }
            let version =
                answer.output.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown version"
            return .good(agent.rawValue, "\(version) (\(program.tilded))")
        } catch {
            return .bad(agent.rawValue, "\(error)", "\(program) --version")
        }
    }
}
