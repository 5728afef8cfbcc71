import Glibc
import HubClient
import Processes
import RunnerStore

/// The file of the running program, which may be replaced.
package struct ProgramFile: Sendable {
    package static let version = "0.1.0"

    /// The absolute path it was started by. Symbolic links are not resolved, so that it leads to a newer
    /// program once one is installed.
    package let path: String
    /// In milliseconds since 1970, with fraction, as HAPI records it.
    package let modifiedAt: Double?

    package static let current: ProgramFile = {
        let path =
            Inheritance.own?.program ?? invokedPath() ?? linkTarget("/proc/self/exe")
            ?? processArguments.first ?? "hapi"
        return ProgramFile(path: path, modifiedAt: modificationTime(of: "/proc/self/exe"))
    }()

    /// Where the shell found this program; nil if that is another file now.
    private static func invokedPath() -> String? {
        guard let name = processArguments.first, !name.isEmpty else { return nil }
        let folders = (processEnvironment[.path] ?? "").split(separator: ":")
        let candidates = name.utf8.contains(UInt8(ascii: "/")) ? [name] : folders.map { "\($0)/\(name)" }
        // Fails only if the current directory is gone; then nothing can be relative to it.
        return candidates.lazy.compactMap { try? absolutePath($0) }.first(where: isThisProgram)
    }

    private static func isThisProgram(_ path: String) -> Bool {
        var (candidate, running) = (stat(), stat())
        guard stat(path, &candidate) == 0, stat("/proc/self/exe", &running) == 0 else { return false }
        return candidate.st_dev == running.st_dev && candidate.st_ino == running.st_ino
    }

    package static func modificationTime(of path: String) -> Double? {
        var status = stat()
        guard stat(path, &status) == 0 else { return nil }
        return Double(status.st_mtim.tv_sec) * 1000 + Double(status.st_mtim.tv_nsec) / 1_000_000
    }
}
