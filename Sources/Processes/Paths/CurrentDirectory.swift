import Glibc

/// The directory this process stands in, from which relative paths are taken.
package enum CurrentDirectory {
    /// Throws where it was removed, or lies outside of what this process can see: then the kernel has no path
    /// for it, getcwd(2), and a relative path means nothing.
    package static func path() throws(CurrentDirectoryGone) -> String {
        guard let buffer = getcwd(nil, 0) else { throw CurrentDirectoryGone(code: errno) }
        defer { free(buffer) }
        let path = String(systemBytes: UnsafeBufferPointer(start: buffer, count: strlen(buffer)))
        guard isAbsolute(path) else { throw CurrentDirectoryGone(code: ENOENT) }
        return path
    }
}

/// A relative path cannot be understood.
package struct CurrentDirectoryGone: Error, CustomStringConvertible {
    let code: Int32
    /// The path that was to be taken from it; nil for the directory itself.
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
