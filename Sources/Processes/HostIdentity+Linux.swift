import Glibc

extension HostIdentity {
    /// This machine, this boot, this pid namespace.
    package static let current = HostIdentity(
        machine: firstLine(of: "/etc/machine-id") ?? hostName(),
        bootID: firstLine(of: "/proc/sys/kernel/random/boot_id") ?? "unknown",
        pidNamespace: namespaceInode())

    private static func firstLine(of path: String) -> String? {
        guard let bytes = readFile(path) else { return nil }
        let line = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return line.isEmpty ? nil : line
    }

    private static func namespaceInode() -> Int64 {
        var status = stat()
        return stat("/proc/self/ns/pid", &status) == 0 ? Int64(truncatingIfNeeded: status.st_ino) : 0
    }
}

/// The name of this host.
package func hostName() -> String {
    var buffer = [UInt8](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "localhost" }
    return String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self)
}

/// The login shell of this user, passwd(5).
package func userShell() -> String {
    guard let entry = getpwuid(getuid()), let shell = entry.pointee.pw_shell else { return "/bin/sh" }
    let path = String(systemText: shell)
    return path.isEmpty ? "/bin/sh" : path
}
