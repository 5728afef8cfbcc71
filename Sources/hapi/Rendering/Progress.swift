import Glibc

/// A line on the terminal that tells how far something is, written over as it goes on. Where standard error
/// is no terminal it is nothing.
enum Progress {
    static func show(_ text: String) { write("\r\(text)\u{1B}[K") }
    static func clear() { write("\r\u{1B}[K") }

    private static func write(_ text: String) {
        guard isatty(2) == 1 else { return }
        let bytes = Array(text.utf8)
        // What cannot be shown is not missed.
        _ = Glibc.write(2, bytes, bytes.count)
    }
}
