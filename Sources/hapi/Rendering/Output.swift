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

/// The output of the commands: results on standard output, diagnostics on standard error.
enum Output {
    /// The errno of the first failed write; later output is skipped.
    private static let failure = Mutex<Int32?>(nil)

    static func line(_ text: String) { answer(Array(text.utf8) + [0x0a]) }

    /// The contents of a file, unmodified.
    static func bytes(_ bytes: ArraySlice<UInt8>) { answer(Array(bytes)) }

    /// Unmodified, without a newline.
    static func raw(_ text: String) { answer(Array(text.utf8)) }

    private static func answer(_ bytes: [UInt8]) {
        failure.withLock { if $0 == nil { $0 = write(bytes, to: STDOUT_FILENO) } }
    }

    /// Progress for people; a failed write does not fail the command.
    static func note(_ text: String) { _ = write(text + "\n", to: STDOUT_FILENO) }

    // If this cannot be written, there is nowhere to report it.
    static func errors(_ text: String) { _ = write(text + "\n", to: STDERR_FILENO) }

    /// Prints a question on standard error and leaves the cursor behind it.
    static func prompt(_ text: String) { _ = write(text, to: STDERR_FILENO) }

    /// The status to exit with: 1, after printing the reason, if output could not be written. Silent if the
    /// reader is gone, as with `head`.
    static func finish(_ status: Int32) -> Int32 {
        guard let code = failure.withLock({ $0 }) else { return status }
        if code != EPIPE { complain("cannot write to standard output: \(errorText(code))") }
        return ExitStatus.failed
    }

    /// Opens missing standard streams, so that no other file gets their numbers. Writing to them fails, as it
    /// would without.
    static func holdStreams() {
        for stream in STDIN_FILENO...STDERR_FILENO where fcntl(stream, F_GETFD) < 0 {
            // open(2) returns the lowest free number, which is this one.
            _ = open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY)
        }
    }

    /// `hapi: <what went wrong>`, with a hint.
    static func complain(_ text: String, hint: String? = nil) {
        errors("hapi: \(text.visible)" + (hint.map { "\n  hint: \($0)" } ?? ""))
    }

    /// One JSON document.
    static func json(_ value: JSONValue) {
        var text = JSONText(value)
        text.add("\n")
        answer(text.take())
    }

    /// Whether output could not be written, so that producing more is pointless.
    static var hasFailed: Bool { failure.withLock { $0 != nil } }

    static func hint(for error: any Error) -> String? { (error as? StoreError)?.hint }

    static let usesColour =
        isatty(STDOUT_FILENO) == 1 && getenv(Variable.noColour.rawValue) == nil
        && getenv(Variable.terminal.rawValue).map { String(cString: $0) } != "dumb"

    /// In cells; nil if standard output is not a terminal.
    static let screenWidth: Int? = {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }()

    private static func write(_ text: String, to descriptor: Int32) -> Int32? {
        write(Array(text.utf8), to: descriptor)
    }

    /// The errno of a failure; nil on success.
    private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32? {
        writeAll(descriptor, bytes) ? nil : errno
    }
}
