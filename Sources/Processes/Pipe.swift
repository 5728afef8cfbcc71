import CProcess
import Glibc

/// An open file that is closed with this object.
package final class OwnedDescriptor: Sendable {
    package let number: Int32

    package init(_ number: Int32) { self.number = number }
    deinit { close(number) }

    /// Another number for the file, to be closed by the caller.
    package func copied() throws(FileError) -> Int32 {
        let copy = fcntl(number, F_DUPFD_CLOEXEC, 3)
        guard copy >= 0 else { throw FileError(action: "copy", path: "a descriptor", code: errno) }
        return copy
    }
}

/// A pipe whose ends no other program inherits unless they are passed to it.
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

/// A file without a name: a program writes its output to it, or reads its input from it.
package final class MemoryFile: Sendable {
    private let file: OwnedDescriptor

    package var descriptor: Int32 { file.number }

    /// - Parameter name: what `/proc` shows for it.
    package init(_ name: String) throws(FileError) {
        let descriptor = cprocess_memory_file(name)
        guard descriptor >= 0 else {
            throw FileError(action: "create", path: "a memory file", code: -descriptor)
        }
        file = OwnedDescriptor(descriptor)
    }

    /// One that holds `bytes`, to be read from the beginning.
    package convenience init(_ name: String, holding bytes: [UInt8]) throws(FileError) {
        try self.init(name)
        guard writeAll(descriptor, bytes), lseek(descriptor, 0, SEEK_SET) == 0 else {
            throw FileError(action: "write", path: "a memory file", code: errno)
        }
    }

    /// Everything in it, up to a limit in bytes.
    package func text(limit: Int = 4 << 20) -> String { text(from: 0, limit: limit) }

    /// The end of the last line that says something. A progress meter ends its line with a carriage return
    /// alone, and writes over it.
    package var lastWords: String {
        text(from: max(0, size - 1024), limit: 1024).split(whereSeparator: \.isNewline).last {
            !$0.allSatisfy(\.isWhitespace)
        }.map { String($0).trimmingWhitespace } ?? ""
    }

    /// Not asked by `lseek`: a program writes at the offset it shares with this descriptor.
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
