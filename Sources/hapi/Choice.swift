import ArgumentParser
import Home
import RunnerStore

/// A word of a fixed set, as somebody wrote it. The parser takes any, so that one that is none of the set is
/// refused in our words: by ``check()``, called from the command's `validate()`.
struct Choice<Value: Choosable>: ExpressibleByArgument {
    private let word: String

    init(argument: String) { word = argument }
    init(_ value: Value) { word = value.rawValue }

    static var allValueStrings: [String] { Value.words }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    var defaultValueDescription: String { word }

    /// nil only before ``check()``.
    var value: Value? { Value(rawValue: word) }

    func check() throws {
        guard value == nil else { return }
        throw ValidationError(Value.refusal(of: word))
    }
}

/// What a command's argument may be one of.
protocol Choosable: RawRepresentable<String>, CaseIterable, Sendable {
    /// What is said of a word that is none: `no agent is called 'x'`.
    static func problem(with word: String) -> String
}

extension Choosable {
    static var words: [String] { allCases.map(\.rawValue) }

    static func refusal(of word: String) -> String {
        "\(problem(with: word)); choose one of: \(words.joined(separator: ", "))"
    }
}

extension Agent: Choosable {
    static func problem(with word: String) -> String {
        word == "gemini" ? "gemini is no longer supported" : "no agent is called '\(word)'"
    }
}

extension SessionState: Choosable {
    static func problem(with word: String) -> String { "no session is ever '\(word)'" }
}

extension DirectoryPolicy: Choosable {
    static func problem(with word: String) -> String { "'\(word)' is no way to treat a missing directory" }
}

extension CompletionCommand.Shell: Choosable {
    static func problem(with word: String) -> String { "there are no completions for '\(word)'" }
}
