import Glibc
import RunnerTestSupport
import Testing

/// Output that cannot be written.
@Suite(.serialized) struct UnwritableOutputTests {
    private static let commands = [
        ["runner", "list"], ["runner", "list", "--json"], ["runner", "status"],
        ["runner", "status", "--json"],
        ["runner", "history"], ["runner", "approvals", "--json"], ["runner", "absences"],
        ["runner", "worktrees"],
        ["runner", "logs"], ["runner", "backup", "copy.db"], ["runner", "stop-session", "none"],
        ["auth", "status"], ["--version"], ["help"], ["runner", "--help"], ["runner", "start"],
    ]

    @Test func aCommandWhoseAnswerCannotBeWrittenFailsAndSaysWhy() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            for (ending, reason) in [
                ("> /dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
            ] {
                for command in Self.commands where command.last != "none" {
                    unlink("\(home.root)/copy.db")
                    let finished = try await run(home, command, ending)
                    #expect(finished.status == 1, "\(command) \(ending): \(finished)")
                    #expect(
                        finished.errors.contains("cannot write to standard output: \(reason)"),
                        "\(command) \(ending): \(finished)")
                }
            }
        }
    }

    @Test func aReaderThatHasGoneAwayIsToldNothing() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let script = """
                import os, signal, subprocess, sys
                signal.signal(signal.SIGPIPE, signal.SIG_IGN)
                read, write = os.pipe()
                os.close(read)
                status = subprocess.run(sys.argv[1:], stdout=write, restore_signals=False).returncode
                sys.exit(status if status >= 0 else 128 - status)
                """
            for command in [["runner", "list", "--json"], ["runner", "history"], ["help"]] {
                let child = try home.start([Paths.python, "-c", script, Paths.program] + command)
                let status = try await child.ended()
                #expect(status == 1 || status == 128 + SIGPIPE, "\(command): \(status)")
                #expect(child.errors.isEmpty, "\(command): \(child.errors)")
            }
        }
    }

    private func run(_ home: TestHome, _ command: [String], _ ending: String) async throws -> Finished {
        let child = try home.start(["/bin/sh", "-c", "\"$0\" \"$@\" \(ending)", Paths.program] + command)
        return Finished(status: try await child.ended(), output: child.output, errors: child.errors)
    }
}
