import ArgumentParser
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

struct CompletionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "completion",
        abstract: "Print a shell's completion script; it completes session names too.",
        discussion: """
            EXAMPLES
              hapi completion bash > ~/.local/share/bash-completion/completions/hapi
              hapi completion zsh > ~/.zfunc/_hapi
              hapi completion fish > ~/.config/fish/completions/hapi.fish
            """)

    enum Shell: String, CaseIterable, Sendable { case bash, zsh, fish }

    @Argument(help: "Your shell.") var shell: Choice<Shell>

    func validate() throws { try shell.check() }

    func run() throws {
        let shell: CompletionShell =
            switch self.shell.value {
            case .bash, nil: .bash
            case .zsh: .zsh
            case .fish: .fish
            }
        Output.line(RootCommand.completionScript(for: shell))
    }
}

extension CompletionKind {
    /// The names and ids of recorded sessions, live ones first.
    static var sessions: CompletionKind {
        .custom { _, _, _ in names() }
    }

    private static func names() -> [String] {
        // Completion must never print an error into the line being typed.
        guard let home = try? RunnerHome.fromEnvironment(),
            let sessions = try? StoreConnection(path: home.store, mode: .readOnly).read({
                store throws(StoreError) in
                try store.liveSessions() + store.sessions(.newestFirst, limit: 30).sessions
            })
        else { return [] }
        var words: [String] = []
        for session in sessions {
            for word in [session.name, String(session.id.prefix(8))].compactMap({ $0 })
            where !words.contains(word) {
                words.append(word)
            }
        }
        return words
    }
}
