import Glibc
import Testing

/// Compiles a library that tests preload, ld.so(8), from a file below `Tests`.
func compileLibrary(_ source: String, to library: String) async throws {
    // What the package itself is compiled with, and so surely there.
    let compiler = try ChildProcess(
        ["/usr/bin/env", "clang", "-shared", "-fPIC", "-O1", "-o", library, "\(Paths.root)/Tests/\(source)"],
        environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? Paths.searchPath])
    try #require(try await compiler.ended() == 0, "\(compiler.errors)")
}

extension TestHome {
    /// The environment of programs to which this home is on a file system that offers no memory that processes
    /// share, and no hard links.
    public func withoutSharedMemory() async throws -> [String: String] {
        let library = "\(root)/mmap.so"
        try await compileLibrary("NoSharedMemory/mmap.c", to: library)
        return ["LD_PRELOAD": library]
    }
}
