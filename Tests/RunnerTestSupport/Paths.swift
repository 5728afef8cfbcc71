import Glibc
import Processes

/// Where things are.
package enum Paths {
    /// The package's own directory.
    package static let root: String =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The built program, beside the tests.
    package static let program = built("hapi")

    /// A session process that lives for a moment, for tests that start thousands.
    package static let briefSession = built("brief-session")

    /// Runs a program for which system calls fail.
    package static let refusing = built("refusing")

    private static func built(_ name: String) -> String {
        let tests = linkTarget("/proc/self/exe") ?? ""
        return tests[..<(tests.lastIndex(of: "/") ?? tests.endIndex)] + "/\(name)"
    }

    /// A Python with what the stand-in servers need.
    package static let python: String =
        getenv("HAPI_TEST_PYTHON").map { String(cString: $0) } ?? root + "/.venv/bin/python3"

    /// What the system's own programs are found with.
    package static let searchPath = "/usr/local/bin:/usr/bin:/bin"
}
