import Glibc
import Processes

/// Paths of the package and its programs.
package enum Paths {
    /// The package's root directory.
    package static let root: String =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The built program.
    package static let program = built("hapi")

    /// A short-lived session process, for tests that start thousands.
    package static let briefSession = built("brief-session")

    /// Runs a program with failing system calls.
    package static let refusing = built("refusing")

    private static func built(_ name: String) -> String {
        let tests = linkTarget("/proc/self/exe") ?? ""
        return tests[..<(tests.lastIndex(of: "/") ?? tests.endIndex)] + "/\(name)"
    }

    /// A Python with the packages of the stand-in servers.
    package static let python: String =
        getenv("HAPI_TEST_PYTHON").map { String(cString: $0) } ?? root + "/.venv/bin/python3"

    /// The PATH for the system's programs.
    package static let searchPath = "/usr/local/bin:/usr/bin:/bin"
}
