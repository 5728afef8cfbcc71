import FoundationEssentials
import RunnerTestSupport
import Testing

/// `make install` and `make uninstall`, with the program that is built already.
@Suite(.serialized) struct InstallTests {
    @Test func uninstallingLeavesNothingOfWhatWasInstalled() async throws {
        try await TestHome.with { home in
            let prefix = home.root + "/prefix"
            try await make(home, "install", prefix)
            let version = try home.start([prefix + "/bin/hapi", "--version"])
            #expect(try await version.ended() == 0 && version.output.contains("hapi version"))
            let installed = try files(prefix)
            for name in ["completions/hapi", "_hapi", "hapi.fish", "hapi.1"] {
                #expect(installed.contains { $0.hasSuffix(name) }, "\(installed)")
            }
            try await make(home, "uninstall", prefix)
            #expect(try files(prefix) == [])
        }
    }

    private func make(_ home: TestHome, _ target: String, _ prefix: String) async throws {
        let child = try home.start(
            ["/usr/bin/make", "-C", Paths.root, target, "PREFIX=\(prefix)", "PROGRAM=\(Paths.program)"])
        #expect(try await child.ended(within: .seconds(60)) == 0, "\(child.output)\(child.errors)")
    }

    private func files(_ folder: String) throws -> [String] {
        try FileManager.default.subpathsOfDirectory(atPath: folder).filter { !isFolder("\(folder)/\($0)") }
    }

    private func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder
    }

    /// README shows a session in a terminal as the program has it today.
    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/script"), "needs script(1)"))
    func theSessionInREADMEIsTheRealOne() async throws {
        try await TestHome.with { home in
            let child = try home.start([Paths.root + "/scripts/transcript", "--check", Paths.program])
            #expect(try await child.ended(within: .seconds(90)) == 0, "\(child.output)\(child.errors)")
        }
    }
}
