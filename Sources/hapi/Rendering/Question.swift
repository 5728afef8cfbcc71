import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

/// Asks for confirmation before a deletion.
enum Question {
    /// Whether the user agrees. Without a terminal the answer is no, and the message names the flag to use
    /// instead.
    static func agreed(_ text: String, flag: String) -> Bool {
        guard isatty(STDIN_FILENO) == 1 else {
            Output.complain("nothing was removed: there is no terminal to ask on", hint: "add \(flag)")
            return false
        }
        Output.prompt("\(text) [y/N] ")
        let answer = (readLine() ?? "").lowercased()
        if ["y", "yes"].contains(answer) { return true }
        Output.errors("Nothing was removed.")
        return false
    }
}
