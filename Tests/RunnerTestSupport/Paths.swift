import Glibc

/// Where things are.
package enum Paths {
    /// The package's own directory.
    package static let root: String =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The built program, beside the tests.
    package static let program: String = {
        let tests = String(cString: realpath("/proc/self/exe", nil))
        return tests[..<(tests.lastIndex(of: "/") ?? tests.endIndex)] + "/hapi"
    }()

    /// A Python with what the stand-in servers need.
    package static let python: String =
        getenv("HAPI_TEST_PYTHON").map { String(cString: $0) } ?? root + "/.venv/bin/python3"

    /// What the system's own programs are found with.
    package static let searchPath = "/usr/local/bin:/usr/bin:/bin"
}
