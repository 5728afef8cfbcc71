import Glibc

/// The terminal in raw mode. Its previous mode is restored on every way out.
final class RawTerminal {
    /// Global: a C signal handler cannot capture.
    nonisolated(unsafe) private static var before = termios()

    static var isThere: Bool { isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1 }

    /// nil if standard input or output is not a terminal.
    static func taken() -> RawTerminal? {
        guard isThere, tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
        return RawTerminal()
    }

    private init() {
        for number in [SIGTERM, SIGHUP, SIGQUIT, SIGINT] {
            signal(number) { number in
                RawTerminal.restore()
                signal(number, SIG_DFL)
                raise(number)
            }
        }
        var raw = Self.before
        raw.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG | IEXTEN)
        raw.c_iflag &= ~tcflag_t(IXON | ICRNL)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &raw)
        // Bracketed paste, so that line breaks in pasted text send nothing.
        Output.raw("\u{1b}[?2004h")
    }

    deinit {
        Output.raw("\u{1b}[?2004l")
        Self.restore()
        for number in [SIGTERM, SIGHUP, SIGQUIT, SIGINT] { signal(number, SIG_DFL) }
    }

    private static func restore() { tcsetattr(STDIN_FILENO, TCSADRAIN, &before) }

    static var width: Int {
        var size = winsize()
        return ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 80
    }
}
