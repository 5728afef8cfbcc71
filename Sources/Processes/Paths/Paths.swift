import Glibc

// Paths are compared and split by their bytes: `String` considers different encodings of `é` equal, and does
// not see a slash followed by a combining character.

/// An absolute path without `.`, `..` and double slashes. Relative paths are resolved in the current
/// directory.
package func absolutePath(_ path: String) throws(CurrentDirectoryGone) -> String {
    if isAbsolute(path) { return normalizedPath(path) }
    do {
        return normalizedPath("\(try CurrentDirectory.path())/\(path)")
    } catch {
        throw CurrentDirectoryGone(code: error.code, path: path.isEmpty ? "." : path)
    }
}

package func isAbsolute(_ path: String) -> Bool { path.utf8.first == slash }

/// An absolute path without `.`, `..` and double slashes. Symbolic links are not followed.
package func normalizedPath(_ path: String) -> String {
    var parts: [String] = []
    for part in pathParts(path) where part != "." {
        if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
}

/// The components of a path.
package func pathParts(_ path: some StringProtocol) -> [String] {
    path.utf8.split(separator: slash).map { String(decoding: $0, as: UTF8.self) }
}

/// The parent of a path; nil for `/` and its entries.
package func parentDirectory(_ path: String) -> String? {
    guard let last = path.utf8.lastIndex(of: slash), last != path.startIndex else { return nil }
    return String(path[..<last])
}

/// The last component of a path.
package func lastName(of path: String) -> String { pathParts(path).last ?? "/" }

/// Whether `path` is `folder` or below it. Both must be absolute and normalized.
package func lies(_ path: String, in folder: String) -> Bool {
    if folder == "/" { return true }
    let rest = path.utf8.dropFirst(folder.utf8.count)
    return path.utf8.starts(with: folder.utf8) && (rest.isEmpty || rest.first == slash)
}

/// Whether two paths are equal, byte for byte.
package func isSamePath(_ one: String, _ other: String) -> Bool { one.utf8.elementsEqual(other.utf8) }

/// An absolute path with the symbolic links of its existing part resolved; the rest stays as it is.
package func resolvedPath(_ path: String) -> String {
    let path = normalizedPath(path)
    if let real = realPath(path) { return real }
    // From the root down: nothing exists below a missing component, so a long invalid path costs one look.
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

/// The target of a symbolic link; nil if `path` is not a link.
package func linkTarget(_ path: String) -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink(path, &buffer, buffer.count)
    return count < 0 ? nil : String(systemBytes: buffer.prefix(count).map { UInt8(bitPattern: $0) })
}

/// Follows `path` while it is a symbolic link; returns it unchanged if it is not. The target need not exist.
package func linkedPath(_ path: String) -> String {
    var path = path
    // The kernel's limit, path_resolution(7).
    for _ in 0..<40 {
        guard let target = linkTarget(path) else { return path }
        path = isAbsolute(target) ? target : "\(parentDirectory(path) ?? "")/\(target)"
    }
    return path
}

private let slash = UInt8(ascii: "/")
