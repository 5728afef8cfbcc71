import Glibc

/// The current directory of this process, to which paths are relative.
package enum CurrentDirectory {
    /// Throws if it was removed or is not visible to this process: the kernel then has no path for it,
    /// getcwd(2), and relative paths cannot be resolved.
    package static func path() throws(CurrentDirectoryGone) -> String {
        guard let buffer = getcwd(nil, 0) else { throw CurrentDirectoryGone(code: errno) }
        defer { free(buffer) }
        let path = String(systemBytes: UnsafeBufferPointer(start: buffer, count: strlen(buffer)))
        guard isAbsolute(path) else { throw CurrentDirectoryGone(code: ENOENT) }
        return path
    }
}

/// A relative path cannot be resolved.
package struct CurrentDirectoryGone: Error, CustomStringConvertible {
    let code: Int32
    /// The relative path; nil for the current directory itself.
    var path: String?

    package var description: String {
        let reason =
            code == ENOENT
            ? "the current directory is gone" : "the current directory: \(String(cString: strerror(code)))"
        let what = path.map { "the relative path \($0)" } ?? "the current directory"
        return "cannot use \(what): \(reason). Change to a directory that exists"
            + (path == nil ? "" : ", or give an absolute path")
    }
}
