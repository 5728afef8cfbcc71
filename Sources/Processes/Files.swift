import Glibc

/// The names in a directory; empty if it cannot be read.
package func entries(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(systemText: $0) }
        }
        if name != "." && name != ".." { names.append(name) }
    }
    return names
}

/// A file operation that failed: what was tried, on what, and why.
package struct FileError: Error, CustomStringConvertible {
    package let action: String
    package let path: String
    package let code: Int32

    package init(action: String, path: String, code: Int32) {
        self.action = action
        self.path = path
        self.code = code
    }

    package var description: String { "cannot \(action) \(path): \(errorText(code))" }

    package static func cannotRun(_ program: String, _ code: Int32) -> FileError {
        FileError(action: "run", path: program, code: code)
    }
}

/// Creates a directory with its missing ancestors.
package func createDirectory(_ path: String, mode: mode_t) throws(FileError) {
    if mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) { return }
    let code = errno
    guard code == ENOENT, let parent = parentDirectory(path) else {
        throw FileError(action: "create the directory", path: path, code: code)
    }
    try createDirectory(parent, mode: mode)
    guard mkdir(path, mode) == 0 || (errno == EEXIST && isDirectory(path)) else {
        throw FileError(action: "create the directory", path: path, code: errno)
    }
}

/// Whether the path is a directory, after symbolic links are followed.
package func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// Replaces a file atomically: readers see the old or the new content. Mode 0600. If the path is a symbolic
/// link, its target is replaced.
///
/// Writers of one file must exclude each other, because each removes what a killed one has left.
package func replaceFile(_ path: String, with bytes: [UInt8]) throws(FileError) {
    let path = linkedPath(path)
    let temporary = "\(path).tmp"
    unlink(temporary)
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(action: "write", path: temporary, code: errno) }
    let written = writeAll(descriptor, bytes) && fsync(descriptor) == 0
    let code = errno
    close(descriptor)
    guard written else {
        unlink(temporary)
        throw FileError(action: "write", path: temporary, code: code)
    }
    CrashPoint.reached("file-written")
    guard rename(temporary, path) == 0 else {
        let code = errno
        unlink(temporary)
        throw FileError(action: "replace", path: path, code: code)
    }
}

/// Writes every byte. On false, errno has the reason.
package func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
        let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if count < 0 && errno != EINTR { return false }
        rest = rest.dropFirst(max(count, 0))
    }
    return true
}

/// The bytes of a whole file; nil if it cannot be read. For small files and `/proc`.
package func readFile(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return readToEnd(descriptor)
}

/// Up to a kilobyte of a one-line file of the kernel, by a single read; nil if it cannot be read.
func readKernelLine(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var count = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: 1024) { buffer, size in
        count = read(descriptor, buffer.baseAddress, buffer.count)
        size = max(0, count)
    }
    return count < 0 ? nil : bytes
}

/// The remaining bytes of a descriptor; nil if reading fails.
package func readToEnd(_ descriptor: Int32) -> [UInt8]? {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
        let count = read(descriptor, &buffer, buffer.count)
        if count == 0 { return bytes }
        if count > 0 {
            bytes.append(contentsOf: buffer.prefix(count))
            // Larger reads, because the kernel generates its longer tables again for each read.
            if count == buffer.count && count < 1 << 18 { buffer = .init(repeating: 0, count: 4 * count) }
        } else if errno != EINTR {
            return nil
        }
    }
}
