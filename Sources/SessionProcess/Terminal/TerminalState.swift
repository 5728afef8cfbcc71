import Glibc
import Processes

/// The terminal as it was found, and the way back to that.
struct TerminalState: Sendable {
    private let modes: termios
    private let wasOurs: Bool

    /// nil where standard input or output is no terminal.
    init?() {
        var modes = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &modes) == 0
        else { return nil }
        self.modes = modes
        wasOurs = tcgetpgrp(STDIN_FILENO) == getpgrp()
    }

    /// Sets the terminal's modes back, and what a program draws with. Never touches a terminal that somebody
    /// else has by now.
    ///
    /// - Parameter crashed: the program had no chance to leave the screen that it drew on.
    func restore(crashed: Bool) {
        guard takeForeground() else { return }
        var modes = modes
        tcsetattr(STDIN_FILENO, TCSADRAIN, &modes)
        _ = writeAll(STDOUT_FILENO, Array((crashed ? Self.mainScreen : "").utf8) + Array(Self.plain.utf8))
    }

    /// Keys come one by one, and are not shown; Ctrl-C is a signal, Ctrl-Z nothing.
    func takeKeys() {
        guard takeForeground() else { return }
        var keys = modes
        keys.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN)
        keys.c_lflag |= tcflag_t(ISIG)
        withUnsafeMutableBytes(of: &keys.c_cc) { $0[Int(VSUSP)] = 0 }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &keys)
    }

    /// A program that died may have left the terminal to a process group that is gone. Returns whether the
    /// terminal is ours.
    private func takeForeground() -> Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        if group == getpgrp() { return true }
        guard wasOurs, group > 0, kill(-group, 0) != 0, errno == ESRCH else { return false }
        // Not stopped for it, since we are in the background until it is done.
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return tcsetpgrp(STDIN_FILENO, getpgrp()) == 0
    }

    /// Mouse, focus, paste and key reports off; the cursor and plain letters.
    private static let plain =
        "\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?1004l\u{1b}[?2004l\u{1b}[?25h\u{1b}[0m"
    private static let mainScreen = "\u{1b}[?1049l"
}
