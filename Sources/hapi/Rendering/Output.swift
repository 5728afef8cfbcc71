import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Everything the commands print: answers on standard output, diagnostics on standard error.
enum Output {
    static func line(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// Text as it is in a file.
    static func bytes(_ bytes: ArraySlice<UInt8>) { write(bytes, to: STDOUT_FILENO) }

    static func errors(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Asks, on standard error, with the cursor left behind the question.
    static func prompt(_ text: String) { write(text, to: STDERR_FILENO) }

    /// `hapi: <what went wrong>`, and what helps.
    static func complain(_ text: String, hint: String? = nil) {
        errors("hapi: \(text.visible)" + (hint.map { "\n  hint: \($0)" } ?? ""))
    }

    /// One JSON document.
    static func json(_ value: JSONValue) throws {
        line(String(decoding: try JSON.encode(value, pretty: true), as: UTF8.self))
    }

    static func hint(for error: any Error) -> String? { (error as? StoreError)?.hint }

    static let usesColour =
        isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil
        && getenv("TERM").map { String(cString: $0) } != "dumb"

    /// In cells; nil where standard output is no terminal.
    static let screenWidth: Int? = {
        guard isatty(STDOUT_FILENO) == 1 else { return nil }
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }()

    private static func write(_ text: String, to descriptor: Int32) {
        write(Array(text.utf8)[...], to: descriptor)
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno != EINTR { return }
            rest = rest.dropFirst(max(count, 0))
        }
    }
}
