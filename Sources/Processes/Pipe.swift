import CProcess
import Glibc

/// A descriptor that is closed with this object.
package final class OwnedDescriptor: Sendable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }
    deinit { close(number) }

    /// Duplicates the descriptor. The caller must close the copy.
    package func copied() throws(FileError) -> Int32 {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw FileError(action: "copy", path: "a descriptor", code: errno) }
        return copy
    }
}

/// A close-on-exec pipe.
package struct Pipe: Sendable {
    package let reading: OwnedDescriptor
    package let writing: OwnedDescriptor

    package init() throws(FileError) {
        var ends: [Int32] = [-1, -1]
        let code = cprocess_pipe(&ends)
        guard code == 0 else { throw FileError(action: "create", path: "a pipe", code: -code) }
        reading = OwnedDescriptor(ends[0])
        writing = OwnedDescriptor(ends[1])
    }
}

/// An anonymous file in memory, for a program's input or output.
package final class MemoryFile: Sendable {
    private let file: OwnedDescriptor

    package var descriptor: Int32 { file.number }

    /// - Parameter name: shown in `/proc`.
    package init(_ name: String) throws(FileError) {
        let descriptor = cprocess_memory_file(name)
        guard descriptor >= 0 else {
            throw FileError(action: "create", path: "a memory file", code: -descriptor)
        }
        file = OwnedDescriptor(descriptor)
    }

    /// A file that contains `bytes`, positioned at its beginning.
    package convenience init(_ name: String, holding bytes: [UInt8]) throws(FileError) {
        try self.init(name)
        guard writeAll(descriptor, bytes), lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileError(action: "write", path: "a memory file", code: errno)
        }
    }

    /// Its contents, up to a limit in bytes.
    package func text(limit: Int = 4 << 20) -> String { text(from: 0, limit: limit) }

    /// The last line that is not blank. A carriage return ends a line too, because progress meters overwrite
    /// their line.
    package var lastWords: String {
        text(from: max(0, size - 1024), limit: 1024).split(whereSeparator: \.isNewline).last {
            !$0.allSatisfy(\.isWhitespace)
        }.map { String($0).trimmingWhitespace } ?? ""
    }

    /// fstat instead of lseek, because lseek would move the offset that the writing program shares.
    private var size: off_t {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status.st_size : 0
    }

    private func text(from start: off_t, limit: Int) -> String {
        var bytes = [UInt8](repeating: 0, count: Int(min(off_t(limit), max(0, size - start))))
        let count = pread(descriptor, &bytes, bytes.count, start)
        return String(systemBytes: bytes.prefix(max(0, count)))
    }
}
