import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess
import Synchronization

/// Everything the commands print: answers on standard output, diagnostics on standard error.
enum Output {
    /// The errno of the first answer that could not be written; what follows it is not tried.
    private static let failure = Mutex<Int32?>(nil)

    static func line(_ text: String) { answer(Array(text.utf8) + [0x0a]) }

    /// Text as it is in a file.
    static func bytes(_ bytes: ArraySlice<UInt8>) { answer(Array(bytes)) }

    /// As it is, with no line end.
    static func raw(_ text: String) { answer(Array(text.utf8)) }

    private static func answer(_ bytes: [UInt8]) {
        failure.withLock { if $0 == nil { $0 = write(bytes, to: STDOUT_FILENO) } }
    }

    /// For whoever watches; nobody waits for it as for an answer.
    static func note(_ text: String) { _ = write(text + "\n", to: STDOUT_FILENO) }

    // Where diagnostics cannot be written there is nowhere to say so.
    static func errors(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

    /// Asks, on standard error, with the cursor left behind the question.
    static func prompt(_ text: String) { _ = write(text, to: STDERR_FILENO) }

    /// The status to exit with: 1, with the reason, where an answer could not be written. A reader that has
    /// gone away, as `head` does, is told nothing.
    static func finish(_ status: Int32) -> Int32 {
        guard let code = failure.withLock({ $0 }) else { return status }
        if code != EPIPE { complain("cannot write to standard output: \(errorText(code))") }
        return ExitStatus.failed
    }

    /// Opens what is missing of the three streams, so that no file this program opens is taken for one. What
    /// is written there then fails, as it would without.
    static func holdStreams() {
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            // The lowest number that is free is this one.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// `hapi: <what went wrong>`, and what helps.
    static func complain(_ text: String, hint: String? = nil) {
        errors("hapi: \(text.visible)" + (hint.map { "\n  hint: \($0)" } ?? ""))
    }

    /// One JSON document.
    static func json(_ value: JSONValue) {
        var text = JSONText(value)
        text.add("\n")
        answer(text.take())
    }

    /// Whether an answer could not be written: more of it need not be made.
    static var hasFailed: Bool { failure.withLock { $0 != nil } }

    static func hint(for error: any Error) -> String? { (error as? StoreError)?.hint }

    static let usesColour =
        isatty(STDOUT_FILENO) == 1 && getenv(Variable.noColour.rawValue) == nil
        && getenv(Variable.terminal.rawValue).map { String(cString: $0) } != "dumb"

    /// In cells; nil where standard output is no terminal.
    static let screenWidth: Int? = {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }()

    private static func write(_ text: String, to descriptor: Int32) -> Int32? {
        write(Array(text.utf8), to: descriptor)
    }

    /// The errno of what failed; nil if nothing did.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        writeAll(descriptor, bytes) ? nil : errno
    }
}
