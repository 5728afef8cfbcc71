import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// The search path a user has at a login, for a runner that a service manager started with a bare one.
enum LoginPath {
    /// Every folder a service manager puts into a bare path.
    private static let bare: Set<String> = [
        "/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/games",
        "/usr/local/games", "/snap/bin",
    ]
    private static let mark = "hapi-path:"

    static func isBare(_ path: String) -> Bool {
        path.split(separator: ":").allSatisfy { bare.contains(String($0)) }
    }

    /// The path sessions are to have, where it is not the runner's own; nil where the runner's own is
    /// good, or the login shell does not tell.
    static func wanted(_ environment: [String: String], _ logger: Logger) async -> String? {
        // systemd names each run of a service; whoever starts the runner from a shell has the path he wants.
        guard environment["INVOCATION_ID"] != nil, isBare(environment["PATH"] ?? "") else { return nil }
        let shell = environment["SHELL"] ?? userShell()
        do {
            let answer = try await HelperProcess.run(
                shell, ["-l", "-c", "printf '\\n\(mark)%s\\n' \"$PATH\""], environment: environment,
                within: .seconds(5))
            return answer.output.split(separator: "\n").last { $0.hasPrefix(mark) }.map {
                String($0.dropFirst(mark.count))
            }
        } catch {
            logger.warning(
                "the login shell does not tell its PATH",
                metadata: ["shell": "\(shell)", "error": "\(error)"])
            return nil
        }
    }
}
