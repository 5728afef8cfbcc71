import Glibc
import Processes

/// The initial state of the terminal, and how to restore it.
struct TerminalState: Sendable {
    private let modes: termios
    private let wasOurs: Bool

    /// nil if standard input or output is not a terminal.
    init?() {
        var modes = termios()
        guard isatty(STDIN_FILENO) == 1, isatty(STDOUT_FILENO) == 1, tcgetattr(STDIN_FILENO, &modes) == 0
        else { return nil }
        self.modes = modes
        wasOurs = tcgetpgrp(STDIN_FILENO) == getpgrp()
    }

    /// Restores the terminal's modes, and resets what a program may have switched on. Does nothing if another
    /// process group has the terminal.
    ///
    /// - Parameter crashed: whether the program had no chance to leave the alternate screen.
    func restore(crashed: Bool) {
        guard takeForeground() else { return }
        var modes = modes
        tcsetattr(STDIN_FILENO, TCSADRAIN, &modes)
        _ = writeAll(STDOUT_FILENO, Array((crashed ? Self.mainScreen : "").utf8) + Array(Self.plain.utf8))
    }

    /// Reads keys one by one without echo. Ctrl-C sends a signal, Ctrl-Z does nothing.
    func takeKeys() {
        guard takeForeground() else { return }
        var keys = modes
        keys.c_lflag &= ~tcflag_t(ECHO | ICANON | IEXTEN)
        keys.c_lflag |= tcflag_t(ISIG)
        withUnsafeMutableBytes(of: &keys.c_cc) { $0[Int(VSUSP)] = 0 }
        tcsetattr(STDIN_FILENO, TCSADRAIN, &keys)
    }

    /// Takes the terminal back from a process group that is gone, as after a crash. Returns whether the
    /// terminal is ours.
    private func takeForeground() -> Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        if group == getpgrp() { return true }
        guard wasOurs, group > 0, kill(-group, 0) != 0, errno == ESRCH else { return false }
        // SIGTTOU is blocked, because it would stop us: we are in the background until the call succeeds.
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGTTOU)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        return tcsetpgrp(STDIN_FILENO, getpgrp()) == 0
    }

    /// Turns off mouse, focus and paste reports; shows the cursor; resets text attributes.
    private static let plain =
        "\u{1b}[?1000l\u{1b}[?1002l\u{1b}[?1003l\u{1b}[?1006l\u{1b}[?1004l\u{1b}[?2004l\u{1b}[?25h\u{1b}[0m"
    private static let mainScreen = "\u{1b}[?1049l"
}
