import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// `list --watch`: the sessions, redrawn every second until `q`.
struct SessionWatch {
    let look: ListLook

    func run() throws {
        let keys = RawKeys()
        defer { keys.restore() }
        var before: TreeUsage?
        while true {
            let usage = TreeUsage()
            let views = try look.views()
            // Moves the cursor home and erases the rest of each line and of the screen: this flickers less
            // than clearing the screen first.
            let text = views.isEmpty ? look.nothing : table(views, usage, since: before)
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            Output.line(
                "\u{1b}[H" + (lines + ["", "q quits"]).map { $0 + "\u{1b}[K" }.joined(separator: "\n")
                    + "\u{1b}[J")
            before = usage
            if keys.quits(within: 1000) { return }
        }
    }

    private func table(_ views: [SessionView], _ usage: TreeUsage, since before: TreeUsage?) -> String {
        var table = Table(
            ["NAME", "STATE", "AGENT", "AGE", "CPU", "MEM", "DIRECTORY"],
            fits: ["NAME": .text, "DIRECTORY": .path])
        for view in views {
            let root = view.state == .ended ? nil : view.session.launch.monitor ?? view.session.launch.process
            let used = root.flatMap { usage.sum(of: $0) }
            let cpu = root.flatMap { usage.load(of: $0, since: before) }
            table.add(
                [
                    view.title, view.state.rawValue, view.session.agent, view.age,
                    cpu.map { "\($0)%" } ?? "-",
                    used.map { Size.text($0.memory) } ?? "-", view.session.directory,
                ], colours: [1: view.state.colour])
        }
        return table.rendered()
    }
}

/// Reads single keys, without Enter and without echo.
private struct RawKeys {
    private let before: termios?

    init() {
        var now = termios()
        guard tcgetattr(STDIN_FILENO, &now) == 0 else {
            before = nil
            return
        }
        before = now
        // No signal keys either: Ctrl-C is read as a key, so that the terminal can be restored.
        now.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        tcsetattr(STDIN_FILENO, TCSANOW, &now)
    }

    func restore() {
        guard var before else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &before)
    }

    /// Waits for up to `milliseconds` and returns whether `q` or Ctrl-C was pressed. False if standard input
    /// is not a terminal.
    func quits(within milliseconds: Int32) -> Bool {
        var input = pollfd(fd: before == nil ? -1 : STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard poll(&input, 1, milliseconds) > 0 else { return false }
        var key: UInt8 = 0
        let count = read(STDIN_FILENO, &key, 1)
        return count <= 0 || [UInt8(ascii: "q"), 3, 4, 28].contains(key)
    }
}
