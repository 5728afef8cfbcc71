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

    /// What is typed into each shell before anything else, with the script and the program at hand.
    private static let beginnings: [String: (command: [String], setup: String)] = [
        "bash": (["/bin/bash", "--norc", "-i"], "source $HAPI_SCRIPT"),
        "zsh": (
            ["/usr/bin/zsh", "-f", "-i"],
            "fpath=($HAPI_FOLDER $fpath); autoload -Uz compinit; compinit -u -D"
        ),
        "fish": (["/usr/bin/fish", "-i", "--no-config"], "source $HAPI_SCRIPT"),
    ]
    private static let shells = beginnings.filter {
        FileManager.default.isExecutableFile(atPath: $0.value.command[0])
    }.keys.sorted()

    /// A person at a terminal types half a word and presses the tabulator.
    @Test(arguments: shells) func inTheRealShellATabCompletesCommandsNamesAndIDs(shell: String) async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.session(home.spawn("webshop")).id
            _ = try home.makeDirectory("completions")
            _ = try home.makeDirectory("elsewhere")
            try home.write("completions/_hapi", try await home.hapi("completion", shell).output)
            let link = try home.start(["/bin/ln", "-sf", Paths.program, home.root + "/bin/hapi"])
            #expect(try await link.ended() == 0)
            let (command, setup) = try #require(Self.beginnings[shell])
            let tab = "\\t"
            let leave = "\\x15exit\\n"
            let steps = [
                // Typed in two halves, so that the echo is not taken for the answer.
                "\(setup); cd elsewhere; echo rea''dy\\n", "?ready", "hapi runner stop-\(tab)",
                "?stop-session",
                "\\x15", "hapi logs websh\(tab)", "?webshop",
                "\\x15", "hapi logs \(id.prefix(6))\(tab)", "?\(id.prefix(8))", leave,
            ]
            let finished = try await home.inTerminal(
                command, steps,
                [
                    "HAPI_SCRIPT": home.root + "/completions/_hapi",
                    "HAPI_FOLDER": home.root + "/completions",
                    "HOME": home.root,
                ])
            #expect(finished.errors.isEmpty, "\(finished)")
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
