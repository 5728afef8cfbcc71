import Glibc

/// A progress line on the terminal that is overwritten as it changes. Does nothing if standard error is not a
/// terminal.
enum Progress {
    static func show(_ text: String) { write("\r\(text)\u{1B}[K") }
    static func clear() { write("\r\u{1B}[K") }

    private static func write(_ text: String) {
        guard isatty(2) == 1 else { return }
        let bytes = Array(text.utf8)
        // Errors are ignored: progress is not essential.
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
