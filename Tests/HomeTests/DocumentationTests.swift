import FoundationEssentials
import Testing

@testable import Home
@testable import Processes

/// Compares docs/settings-and-environment.md with the sources.
@Suite struct DocumentationTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private func text(_ path: String) throws -> String {
        let bytes = try Data(contentsOf: Self.root.appending(path: path))
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func everyVariableAndKeyIsToldOf() throws {
        let page = try text("docs/settings-and-environment.md")
        for name in Variable.allCases.map(\.rawValue) + Settings.Key.allCases.map(\.rawValue) {
            #expect(page.contains("`\(name)`"), "\(name) is not on the page")
        }
    }

    /// Variables of agents that only a dialect sets are not included.
    @Test func everyVariableOfOursStandsOnceInTheSources() throws {
        let folder = Self.root.appending(path: "Sources").path
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter {
            $0.hasSuffix(".swift") && !$0.hasSuffix("/Variable.swift")
        }
        #expect(files.count > 50)
        let names = Variable.allCases.map(\.rawValue).filter { $0.hasPrefix("HAPI_") || $0.hasPrefix("CLI_") }
            .map { "\"\($0)\"" }
        for file in files {
            let source = try text("Sources/\(file)")
            for name in names { #expect(!source.contains(name), "\(name) in \(file)") }
        }
    }
}
