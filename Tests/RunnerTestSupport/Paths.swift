import Glibc

/// Where things are.
public enum Paths {
    /// The package's own directory.
    public static let root: String =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    /// The built program, beside the tests.
    public static let program: String = {
        let tests = String(cString: realpath("/proc/self/exe", nil))
        return tests[..<(tests.lastIndex(of: "/") ?? tests.endIndex)] + "/hapi"
    }()

    /// A Python with what the stand-in servers need.
    public static let python: String =
        getenv("HAPI_TEST_PYTHON").map { String(cString: $0) } ?? root + "/.venv/bin/python3"

    /// What the system's own programs are found with.
    public static let searchPath = "/usr/local/bin:/usr/bin:/bin"
}
