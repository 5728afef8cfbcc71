import ArgumentParser
import Glibc
import Home
import HubClient
import HubProtocol
import Processes
import Runner
import RunnerStore
import SessionProcess

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Find what is wrong, and how to fix it.",
        discussion: """
            Exits with 0 if nothing is wrong and with 1 otherwise. Changes nothing.

            EXAMPLES
              hapi doctor
              hapi doctor clean
            """,
        subcommands: [ExamineCommand.self, CleanCommand.self], defaultSubcommand: ExamineCommand.self)
}

struct ExamineCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "examine", abstract: "Check everything.")

    @Flag(help: "Print one JSON document.") var json = false

    func run() async throws {
        let findings = await (try Doctor(environment: processEnvironment)).findings()
        let problems = findings.count { $0.mark == .bad }
        if json {
            Output.json(
                .object(["healthy": .bool(problems == 0), "findings": .array(findings.map(\.json))]))
        } else {
            for finding in findings { Output.line(finding.line) }
            Output.line(
                problems == 0 ? "Nothing is wrong." : "\(problems) problem\(problems == 1 ? "" : "s") found.")
        }
        if problems > 0 { throw ExitCode(ExitStatus.failed) }
    }
}

struct CleanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Remove leftovers: orphaned processes, stale files, logs without a session.",
        discussion: """
            Shows what it would remove, and asks. Ends processes that provably outlived their session, and \
            removes the files of a runner that is gone and logs of sessions that are not on record. Never \
            touches a live session. For worktrees: hapi runner worktrees --prune
            """)

    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        let stale = Stale(home: home, presence: RunnerPresence(home))
        let (processes, files) = (try stale.processes(), stale.files() + (try stale.logs()))
        guard !processes.isEmpty || !files.isEmpty else { return Output.line("There is nothing to remove.") }
        for process in processes { Output.line("end     \(process.command.visible) \(process.process.pid)") }
        for file in files { Output.line("remove  \(file.visible.tilded)") }
        guard yes || Question.agreed("Remove them?", flag: "--yes") else { throw ExitCode(ExitStatus.failed) }
        // A runner may have been started while the user was answering.
        let still = Set(Stale(home: home, presence: RunnerPresence(home)).files() + (try stale.logs()))
        for file in files where still.contains(file) { unlink(file) }
        let alive = processes.compactMap { ProcessDescriptor($0.process) }
        for process in alive { process.signal(SIGTERM) }
        if await !allEnded(alive, within: .seconds(5)) {
            for process in alive { process.signal(SIGKILL) }
            _ = await allEnded(alive, within: .seconds(2))
        }
        Output.line("Done.")
    }
}
