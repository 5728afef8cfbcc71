import Glibc
import Testing

/// Compiles a library to preload, ld.so(8), from a file in `Tests`.
func compileLibrary(_ source: String, to library: String) async throws {
    // The compiler of the package itself, which is certainly installed.
    let compiler = try ChildProcess(
        ["/usr/bin/env", "clang", "-shared", "-fPIC", "-O1", "-o", library, "\(Paths.root)/Tests/\(source)"],
        environment: ["PATH": getenv("PATH").map { String(cString: $0) } ?? Paths.searchPath])
    try #require(try await compiler.ended() == 0, "\(compiler.errors)")
}

extension TestHome {
    /// An environment for programs in which this home appears to be on a file system without shared memory
    /// and hard links.
    public func withoutSharedMemory() async throws -> [String: String] {
        let library = "\(root)/mmap.so"
        try await compileLibrary("NoSharedMemory/mmap.c", to: library)
        return ["LD_PRELOAD": library]
    }
}
