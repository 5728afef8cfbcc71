import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

/// Reads a line from the terminal without echoing it.
enum HiddenLine {
    /// The terminal's mode with echo. Global, because a C signal handler cannot capture; allocated, because
    /// Swift lays out a global C struct without its trailing padding.
    nonisolated(unsafe) private static let before = UnsafeMutablePointer<termios>.allocate(capacity: 1)

    /// nil at the end of the input. A signal that ends the program restores the echo first; one that would
    /// suspend it is ignored.
    static func read() -> String? {
        guard tcgetattr(STDIN_FILENO, before) == 0 else { return readLine() }
        let ends = [SIGINT, SIGQUIT, SIGTERM, SIGHUP]
        for number in ends {
            signal(number) { number in
                HiddenLine.show()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        signal(SIGTSTP, SIG_IGN)
        var hiding = before.pointee
        hiding.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hiding)
        defer {
            show()
            for number in ends + [SIGTSTP] { signal(number, SIG_DFL) }
        }
        return readLine()
    }

    private static func show() { tcsetattr(STDIN_FILENO, TCSAFLUSH, before) }
}
