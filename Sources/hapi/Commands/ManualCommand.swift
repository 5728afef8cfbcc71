import ArgumentParser
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Prints the man page; used by `make install`.
struct ManualCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "manual", abstract: "Print the man page.", shouldDisplay: false)

    func run() throws {
        Output.line(".TH HAPI 1 \"\" \"hapi \(ProgramFile.version)\" \"User Commands\"")
        Output.line(".SH NAME\nhapi \\- \(Self.escaped(RootCommand.configuration.abstract))")
        tell(CommandTree.root, path: ["hapi"])
    }

    private func tell(_ node: CommandTree, path: [String]) {
        guard node.type.configuration.shouldDisplay else { return }
        Output.line(path.count == 1 ? ".SH SYNOPSIS" : ".SH \(path.joined(separator: " ").uppercased())")
        let help = RootCommand.helpMessage(for: node.type, includeHidden: false, columns: 76)
        Output.line(".nf\n\(Self.escaped(help))\n.fi")
        for child in node.children { tell(child, path: path + [child.name]) }
    }

    /// Escapes what roff would interpret: backslashes, and full stops and apostrophes at the beginning of a
    /// line.
    static func escaped(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let plain = line.split(separator: "\\", omittingEmptySubsequences: false).joined(separator: "\\e")
            return plain.hasPrefix(".") || plain.hasPrefix("'") ? "\\&\(plain)" : plain
        }.joined(separator: "\n")
    }
}
