import CProcess
import Glibc

/// Bounds the size of a log while others append to it: beyond the limit the middle is cut out; the beginning
/// and the newest part stay.
package struct LogBound: Equatable, Sendable {
    /// In bytes, like the others.
    package var limit: Int
    /// How much of the beginning is kept: a multiple of the file system's block size.
    package var head: Int
    /// How much of the end is kept at least.
    package var tail: Int

    /// What is cut out is a multiple of this, in bytes.
    package static let block: off_t = 64 << 10

    package static let session = LogBound(limit: 16 << 20, head: 1 << 20, tail: 4 << 20)

    package init(limit: Int, head: Int, tail: Int) {
        self.limit = limit
        self.head = head
        self.tail = tail
    }

    private static let mark = Array("\n[the middle of this log was cut out]\n".utf8)

    /// Cuts a log that exceeds the limit.
    package func apply(to path: String) {
        let log = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
        guard log >= 0 else { return }
        defer { close(log) }
        apply(to: log)
    }

    /// - Parameter log: open for reading and writing, without O_APPEND.
    package func apply(to log: Int32) {
        var status = stat()
        guard fstat(log, &status) == 0, status.st_size > off_t(limit) else { return }
        // Where the file system supports it, whole blocks are cut out without copying.
        let cut = (status.st_size - off_t(head + tail)) / Self.block * Self.block
        guard cut > 0 else { return }
        if cprocess_cut(log, off_t(head), cut) != 0 { moveTail(log, down: cut) }
        pwrite(log, Self.mark, Self.mark.count, off_t(head))
    }

    /// Copies the end over the middle and truncates the file. Repeats, within limits, until nothing new was
    /// appended meanwhile. What is appended between the last copy and the truncation is lost.
    private func moveTail(_ log: Int32, down cut: off_t) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        var place = off_t(head)
        while place < off_t(head + limit) {
            let count = pread(log, &buffer, buffer.count, place + cut)
            guard count > 0, pwrite(log, buffer, count, place) == count else { break }
            place += off_t(count)
        }
        ftruncate(log, place)
    }
}
