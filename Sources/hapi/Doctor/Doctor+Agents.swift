import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

extension Doctor {
    /// Which agents sessions find, and their versions.
    func agentFindings(_ configuration: Configuration) async -> [Finding] {
        // Unreadable settings are reported by another check.
        let settings = (try? Settings.read(home)) ?? Settings.none
        var sessions = environment
        // The PATH of sessions, not of this shell; only a running runner knows it.
        let sessionPath = presence.runner == nil ? nil : StateFile.read(home)?.sessionPath
        sessions[.path] = sessionPath ?? environment[.path]
        let programs = Self.programs(settings, sessions)
        let hidden = Self.programs(settings, environment).filter { here in
            !programs.contains { $0.agent == here.agent }
        }
        var found: [Finding] = []
        if !hidden.isEmpty {
            let names = hidden.map { "\($0.agent.rawValue) at \($0.program)" }.joined(separator: ", ")
            found.append(
                .bad(
                    "PATH",
                    "this shell finds \(names); sessions do not, their PATH is \(sessions[.path] ?? "")",
                    "set PATH in your shell's profile, then: hapi runner restart"))
        }
        if programs.isEmpty, hidden.isEmpty {
            found.append(
                .bad(
                    "agents",
                    "no agent is installed (none was found in \(sessions[.path] ?? "/usr/bin:/bin"))",
                    "install one, for example claude or codex"))
        }
        return found + (await Self.versions(programs, sessions))
    }

    /// A missing agent is not a problem: nobody has them all.
    private static func programs(
        _ settings: Settings, _ environment: [String: String]
    ) -> [(agent: Agent, program: String)] {
        Agent.allCases.compactMap { agent in
            (try? AgentProgram.path(of: agent, settings, environment)).map { (agent, $0) }
        }
    }

    /// Concurrently, so that a program that hangs delays the others by two seconds at most.
    private static func versions(
        _ programs: [(agent: Agent, program: String)], _ environment: [String: String]
    ) async -> [Finding] {
        await withTaskGroup(of: (Int, Finding).self) { group in
            for (index, (agent, program)) in programs.enumerated() {
                group.addTask { (index, await finding(agent, program, environment)) }
            }
            var found: [(Int, Finding)] = []
            for await finding in group { found.append(finding) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private static let patience = Duration.seconds(2)

    private static func finding(_ agent: Agent, _ program: String, _ environment: [String: String]) async
        -> Finding
    {
        do {
            let answer = try await HelperProcess.run(
                program, ["--version"], environment: environment, within: patience)
            guard answer.status == 0 else {
                return .bad(agent.rawValue, "\(program) --version: \(answer.words)", "\(program) --version")
            }
            let version =
                answer.output.split(whereSeparator: \.isNewline).first.map(String.init) ?? "unknown version"
            return .good(agent.rawValue, "\(version) (\(program.tilded))")
        } catch let error as HelperCutShort {
            return .note(agent.rawValue, "\(error): its version is unknown", "\(program) --version")
        } catch {
            return .bad(agent.rawValue, "\(error)", "\(program) --version")
        }
    }
}
