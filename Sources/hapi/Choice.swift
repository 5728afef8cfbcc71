import ArgumentParser
import Home
import RunnerStore

/// An argument with a fixed set of values. The parser accepts any word, so that ``check()``, called from the
/// command's `validate()`, can refuse it with our own message.
struct Choice<Value: Choosable>: ExpressibleByArgument {
    private let word: String

    init(argument: String) { word = argument }
    init(_ value: Value) { word = value.rawValue }

    static var allValueStrings: [String] { Value.words }
    static var defaultCompletionKind: CompletionKind { .list(allValueStrings) }
    var defaultValueDescription: String { word }

    /// Only nil before ``check()``.
    var value: Value? { Value(rawValue: word) }

    func check() throws {
        guard value == nil else { return }
        throw ValidationError(Value.refusal(of: word))
    }
}

/// A type whose values can be a command's argument.
protocol Choosable: RawRepresentable<String>, CaseIterable, Sendable {
    /// Describes an invalid word: `no agent is called 'x'`.
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
