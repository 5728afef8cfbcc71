import Glibc

// Paths are compared and taken apart by their bytes: to a `String`, one `é` is as good as another, and a slash
// with a combining character behind it is no slash.

/// The path without `.`, `..` and doubled slashes; a relative one is taken from the current directory.
package func absolutePath(_ path: String) throws(CurrentDirectoryGone) -> String {
    if isAbsolute(path) { return normalizedPath(path) }
    do {
        return normalizedPath("\(try CurrentDirectory.path())/\(path)")
    } catch {
        throw CurrentDirectoryGone(code: error.code, path: path.isEmpty ? "." : path)
    }
}

package func isAbsolute(_ path: String) -> Bool { path.utf8.first == slash }

/// An absolute path without `.`, `..` and doubled slashes. Links are not followed.
package func normalizedPath(_ path: String) -> String {
    var parts: [String] = []
    for part in pathParts(path) where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

/// The names that a path consists of.
package func pathParts(_ path: some StringProtocol) -> [String] {
    path.utf8.split(separator: slash).map { String(decoding: $0, as: UTF8.self) }
}

/// What a path lies in; nil for `/` and what lies there.
package func parentDirectory(_ path: String) -> String? {
    guard let last = path.utf8.lastIndex(of: slash), last != path.startIndex else { return nil }
    return String(path[..<last])
}

/// The last name of a path.
package func lastName(of path: String) -> String { pathParts(path).last ?? "/" }

/// Whether `path` is `folder`, or lies below it. Both are absolute and normalized.
package func lies(_ path: String, in folder: String) -> Bool {
    if folder == "/" { return true }
    let rest = path.utf8.dropFirst(folder.utf8.count)
    return path.utf8.starts(with: folder.utf8) && (rest.isEmpty || rest.first == slash)
}

/// Whether two paths are the same, byte for byte.
package func isSamePath(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

/// An absolute path with the links of its existing part followed; what does not exist yet is kept as it is.
package func resolvedPath(_ path: String) -> String {
    let path = normalizedPath(path)
    if let real = realPath(path) { return real }
    // From the root: what lies in something missing is missing too, so a long made-up path costs one look.
    var (end, start) = (path.startIndex, "/")
    while let next = path.utf8[path.utf8.index(after: end)...].firstIndex(of: slash),
        let real = realPath(String(path[..<next]))
    {
        (end, start) = (next, real)
    }
    return start == "/" ? String(path[end...]) : start + path[end...]
}

private func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(systemText: real)
}

/// Where a symbolic link points; nil if `path` is none.
package func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    return count < 0 ? nil : String(systemBytes: buffer.prefix(count).map { UInt8(bitPattern: $0) })
}

/// What a path leads to where it is a symbolic link, and its link too; the path itself otherwise. It need not
/// exist.
package func linkedPath(_ path: String) -> String {
    var path = path
    // As many as the kernel follows, path_resolution(7).
    for _ in 0..<40 {
        guard let target = linkTarget(path) else { return path }
        path = isAbsolute(target) ? target : "\(parentDirectory(path) ?? "")/\(target)"
    }
    return path
}

private let slash = UInt8(ascii: "/")
