import ArgumentParser
import FoundationEssentials
import Testing

@testable import hapi

/// README and docs/: the program accepts every command in them, and every link leads to a file.
@Suite struct DocumentedCommandsTests {
    private static let root: String =
        #filePath.split(separator: "/").dropLast(3).reduce(into: "") { $0 += "/" + $1 }

    private static let pages: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "/docs")) ?? []
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
    }()

    private func text(_ page: String) throws -> String {
        let bytes = try #require(FileManager.default.contents(atPath: "\(Self.root)/\(page)"), "\(page)")
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test(arguments: pages) func everyCommandIsOneTheProgramTakes(page: String) throws {
        for line in try commands(in: text(page)) {
            let words = try words(of: line)
            switch Invocation(words) {
            case .misuse(let misuse): Issue.record("\(page): \(line): \(misuse.problem)")
            case .version, .session: continue
            case .command(let arguments):
                do {
                    _ = try SpawnCommand.parse(arguments) ?? RootCommand.parseAsRoot(arguments)
                } catch {
                    #expect(
                        RootCommand.exitCode(for: error) == .success,
                        "\(page): \(line): \(RootCommand.message(for: error))")
                }
            }
        }
    }

    @Test(arguments: pages) func everyLinkLeadsToAFile(page: String) throws {
        let folder = page.hasPrefix("docs/") ? "\(Self.root)/docs" : Self.root
        for match in try text(page).matches(of: /\]\(([^)#:]+)\)/) {
            #expect(FileManager.default.fileExists(atPath: "\(folder)/\(match.1)"), "\(page): \(match.1)")
        }
    }

    /// The commands in code spans, indented blocks and fenced blocks: from the word `hapi` to the end of the
    /// command.
    private func commands(in text: String) throws -> [String] {
        var found = text.matches(of: /`([^`\n]*\bhapi [^`\n]+)`/).map { String($0.1) }
        var isFenced = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") { isFenced.toggle() }
            if line.hasPrefix("    ") || isFenced && line.hasPrefix("$ ") { found.append(String(line)) }
        }
        return found.flatMap { line in
            line.split(separator: "|").flatMap { $0.split(separator: "&&") }.compactMap { part in
                part.firstMatch(of: /^[\s$]*(?:[A-Z_]+=\S+ )*hapi (.+)$/).map { String($0.1) }
            }
        }
    }

    /// Splits a line like a shell; placeholders are kept as words.
    private func words(of line: String) throws -> [String] {
        let command = line.split(separator: " #").first.map(String.init) ?? line
        var (words, word, quote): ([String], String, Character?) = ([], "", nil)
        for character in command + " " {
            if character == quote {
                quote = nil
            } else if quote == nil, character == "'" || character == "\"" {
                quote = character
            } else if character == " " && quote == nil {
                if !word.isEmpty { words.append(word) }
                word = ""
            } else {
                word.append(character)
            }
        }
        if let mark = words.firstIndex(where: { $0.hasPrefix(">") || $0.hasPrefix("<") }) {
            words.removeSubrange(mark...)
        }
        return words.filter { $0 != "…" && !$0.hasPrefix("[") }
    }
}
