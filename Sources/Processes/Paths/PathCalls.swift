import CProcess
import Glibc

// System calls that take a path, for paths of any bytes (`SystemText.swift`). They shadow the C functions of
// the same names for a `String` argument, which Swift would pass as UTF-8.

package func open(_ path: String, _ flags: Int32) -> Int32 { path.withSystemText { Glibc.open($0, flags) } }

package func open(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 {
    path.withSystemText { Glibc.open($0, flags, mode) }
}

package func stat(_ path: String, _ status: UnsafeMutablePointer<stat>) -> Int32 {
    path.withSystemText { stat($0, status) }
}

package func lstat(_ path: String, _ status: UnsafeMutablePointer<stat>) -> Int32 {
    path.withSystemText { Glibc.lstat($0, status) }
}

package func access(_ path: String, _ mode: Int32) -> Int32 { path.withSystemText { Glibc.access($0, mode) } }

@discardableResult
package func chmod(_ path: String, _ mode: mode_t) -> Int32 { path.withSystemText { Glibc.chmod($0, mode) } }

@discardableResult
package func chdir(_ path: String) -> Int32 { path.withSystemText { Glibc.chdir($0) } }

package func mkdir(_ path: String, _ mode: mode_t) -> Int32 { path.withSystemText { Glibc.mkdir($0, mode) } }

package func mkdirat(_ parent: Int32, _ path: String, _ mode: mode_t) -> Int32 {
    path.withSystemText { Glibc.mkdirat(parent, $0, mode) }
}

@discardableResult
package func rmdir(_ path: String) -> Int32 { path.withSystemText { Glibc.rmdir($0) } }

@discardableResult
package func unlink(_ path: String) -> Int32 { path.withSystemText { Glibc.unlink($0) } }

package func rename(_ old: String, _ new: String) -> Int32 {
    old.withSystemText { old in new.withSystemText { Glibc.rename(old, $0) } }
}

package func link(_ old: String, _ new: String) -> Int32 {
    old.withSystemText { old in new.withSystemText { Glibc.link(old, $0) } }
}

package func opendir(_ path: String) -> OpaquePointer? { path.withSystemText { Glibc.opendir($0) } }

package func readlink(_ path: String, _ buffer: UnsafeMutablePointer<CChar>, _ size: Int) -> Int {
    path.withSystemText { Glibc.readlink($0, buffer, size) }
}

package func realpath(
    _ path: String, _ buffer: UnsafeMutablePointer<CChar>?
) -> UnsafeMutablePointer<CChar>? {
    path.withSystemText { Glibc.realpath($0, buffer) }
}

/// Renames `old` unless `new` exists: EEXIST. Where the file system cannot do that, uses link(2), which
/// replaces nothing either; where it has no links, reserves the new name first.
package func renameToNew(_ old: String, _ new: String) -> Int32 {
    let code = old.withSystemText { old in new.withSystemText { cprocess_rename_to_new(old, $0) } }
    guard code == -EINVAL || code == -ENOSYS else {
        errno = -code
        return code == 0 ? 0 : -1
    }
    if link(old, new) == 0 { return unlink(old) }
    guard [EPERM, ENOTSUP, ENOSYS].contains(errno) else { return -1 }
    let name = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard name >= 0 else { return -1 }
    close(name)
    return rename(old, new)
}
