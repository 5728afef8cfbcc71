import FoundationEssentials
import Processes
import RunnerTestSupport
import Testing

/// `hapi completion`, in the shells that are installed.
@Suite(.serialized) struct CompletionTests {
    @Test func bashCompletesCommandsAndTheNamesOfSessions() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            _ = try await home.spawn("webshop")
            let script = try await home.hapi("completion", "bash")
            #expect(script.status == 0, "\(script)")
            try home.write("hapi.bash", script.output)
            #expect(try await completed(home, "hapi", "runner", "sta").contains("status"))
            #expect(try await completed(home, "hapi", "logs", "web").contains("webshop"))
        }
    }

    /// Bash's completions of the last word.
    private func completed(_ home: TestHome, _ words: String...) async throws -> [String] {
        let program = """
            ln -sf \(Paths.program) \(home.root)/bin/hapi
            source \(home.root)/hapi.bash
            function_name=$(complete -p hapi | sed 's/.*-F \\([^ ]*\\).*/\\1/')
            COMP_WORDS=(\(words.joined(separator: " "))) COMP_CWORD=\(words.count - 1)
            COMP_LINE="\(words.joined(separator: " "))" COMP_POINT=${#COMP_LINE}
            "$function_name" hapi "\(words.last ?? "")" "\(words.dropLast().last ?? "")"
            printf '%s\\n' "${COMPREPLY[@]}"
            """
        let shell = try home.start(["/bin/bash", "--norc", "-c", program])
        #expect(try await shell.ended() == 0, "\(shell.errors)")
        return shell.output.split(separator: "\n").map { $0.filter { $0 != " " } }
    }

    @Test(
        arguments: ["/usr/bin/zsh", "/usr/bin/fish"].filter {
            FileManager.default.isExecutableFile(atPath: $0)
        })
    func otherShellsTakeTheirScript(shell: String) async throws {
        try await TestHome.with { home in
            let name = String(shell.split(separator: "/").last ?? "")
            try home.write("script", try await home.hapi("completion", name).output)
            let checked = try home.start([shell, "-n", home.root + "/script"])
            #expect(try await checked.ended() == 0, "\(checked.errors)")
        }
    }

    @Test func theManualNamesEveryCommand() async throws {
        try await TestHome.with { home in
            let manual = try await home.hapi("manual")
            #expect(manual.status == 0 && manual.output.hasPrefix(".TH HAPI 1"))
            for command in ["hapi runner spawn", "hapi auth login", "hapi service install", "hapi doctor"] {
                #expect(manual.output.contains(".SH \(command.uppercased())\n"), "\(command)")
            }
        }
    }
}
