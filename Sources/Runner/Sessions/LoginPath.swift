import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// The search path a user has at a login, for a runner that a service manager, cron or a container started with
/// a bare one.
package enum LoginPath {
    /// Every folder a service manager puts into a bare path.
    private static let bare: Set<String> = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games",
        "/usr/local/games", "/snap/bin",
    ]
    private static let mark = "hapi-path:"

    /// How long a shell may take: what it reads at its start is the user's, and may wait for ever.
    private static let patience = Duration.seconds(5)

    static func isBare(_ path: String) -> Bool {
        path.split(separator: ":").allSatisfy { bare.contains(String($0)) }
    }

    /// The path sessions are to have, where it is not the runner's own; nil where the runner's own is
    /// good, or the login shell does not tell another.
    static func wanted(_ environment: [String: String], _ logger: Logger) async -> String? {
        let own = environment[.path] ?? ""
        guard isBare(own) else { return nil }
        let shell = environment.stated(.shell) ?? userShell()
        // Many put their paths into what only an interactive shell reads: Debian's .bashrc leaves at once in
        // any other. One that cannot be had without a terminal is asked again as a mere login shell.
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

    /// What the shell says behind the mark, whatever its files print around it; nil if it says nothing.
    static func told(in output: String) -> String? {
        output.split(separator: "\n").last { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
            .flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The login's path with what only the runner's own has behind it; nil where that adds nothing.
    static func merged(_ login: String, _ own: String) -> String? {
        let (login, own) = (login.split(separator: ":"), own.split(separator: ":"))
        guard !Set(login).isSubset(of: own) else { return nil }
        return (login + own.filter { !login.contains($0) }).joined(separator: ":")
    }
}
