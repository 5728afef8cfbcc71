import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// The search path of a user's login shell, for a runner that a service manager, cron or a container started
/// with a minimal one.
package enum LoginPath {
    /// The folders that service managers put into a minimal path.
    private static let bare: Set<String> = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games",
        "/usr/local/games", "/snap/bin",
    ]
    private static let mark = "hapi-path:"

    /// How long a shell may take: the user's startup files may block for ever.
    private static let patience = Duration.seconds(5)

    static func isBare(_ path: String) -> Bool {
        path.split(separator: ":").allSatisfy { bare.contains(String($0)) }
    }

    /// The path for sessions; nil if the runner's own is not minimal, or the login shell gives none.
    static func wanted(_ environment: [String: String], _ logger: Logger) async -> String? {
        let own = environment[.path] ?? ""
        guard isBare(own) else { return nil }
        let shell = environment.stated(.shell) ?? userShell()
        // Interactive, because many users set PATH in a file that returns at once otherwise, such as Debian's
        // .bashrc. If the shell fails without a terminal, it is asked again as a plain login shell.
        for flags in [["-l", "-i"], ["-l"]] {
            do {
                let answer = try await HelperProcess.run(
                    shell, flags + ["-c", "printf '\\n\(mark)%s\\n' \"$PATH\""],
                    environment: InheritedVariables.passed(on: environment), within: patience)
                if let path = told(in: answer.output) { return merged(path, own) }
            } catch {
                logger.warning(
                    "the login shell does not tell its PATH",
                    metadata: [
                        "shell": "\(shell)", "flags": "\(flags.joined(separator: " "))", "error": "\(error)",
                    ])
            }
        }
        return nil
    }

    /// The path that the shell printed after the mark, ignoring other output of its startup files; nil if
    /// there is none.
    static func told(in output: String) -> String? {
        output.split(separator: "\n").last { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
            .flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The login shell's path, followed by the folders that only the runner's own has; nil if it adds
    /// nothing.
    static func merged(_ login: String, _ own: String) -> String? {
        let (login, own) = (login.split(separator: ":"), own.split(separator: ":"))
        guard !Set(login).isSubset(of: own) else { return nil }
        return (login + own.filter { !login.contains($0) }).joined(separator: ":")
    }
}
