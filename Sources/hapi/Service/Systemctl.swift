import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Calls systemd's commands.
struct Systemctl {
    let unit: ServiceUnit
    let environment: [String: String]

    /// Runs `systemctl` for the unit's manager, and returns its output.
    @discardableResult
    func run(_ arguments: String..., tolerating: Bool = false) async throws -> String {
        let words = unit.scope + arguments
        let answer: HelperProcess.Result
        do {
            answer = try await HelperProcess.run(
                "systemctl", words, environment: environment, within: .seconds(30))
        } catch {
            throw ServiceError(
                description:
                    "cannot run systemctl: \(error). Without systemd, start the runner with: hapi runner start"
            )
        }
        guard answer.status == 0 || tolerating else {
            throw ServiceError(
                description: "systemctl \(words.joined(separator: " ")) failed: \(answer.words)")
        }
        return answer.output.trimmingWhitespace
    }

    /// Starts or restarts the runner through systemd, and waits until it is running.
    func bring(_ verb: String, _ home: RunnerHome) async throws -> RunnerRecord {
        let before = RunnerPresence(home).runner?.process
        try await run(verb, ServiceUnit.name)
        let deadline = ContinuousClock.now + .seconds(20)
        while ContinuousClock.now < deadline {
            if let runner = RunnerPresence(home).runner, runner.process != before, runner.isServing(home) {
                return runner
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        let scope = unit.scope.isEmpty ? "" : "--user "
        throw ServiceError(
            description: "systemd was asked to \(verb) the runner, and none is seen running after 20 s; see: "
                + "journalctl \(scope)-u \(ServiceUnit.name)")
    }

    /// The pid of the unit's main process; nil if there is none.
    func mainPID() async throws -> Int32? {
        let text = try await run("show", "--property=MainPID", "--value", ServiceUnit.name, tolerating: true)
        return Int32(text).flatMap { $0 > 0 ? $0 : nil }
    }
}

extension RunnerRecord {
    /// Whether it is ready: the state file is written last.
    func isServing(_ home: RunnerHome) -> Bool { StateFile.read(home)?.pid == process.pid }
}

struct ServiceError: Error, CustomStringConvertible {
    let description: String
}
