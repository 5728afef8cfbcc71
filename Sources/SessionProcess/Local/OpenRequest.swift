import HubProtocol
import Processes

/// An open permission request, as shown and answered in a terminal (session contract §5).
package struct OpenRequest: Equatable, Sendable {
    package struct Question: Equatable, Sendable {
        var key: String
        var text: String
        var options: [String]
        var takesSeveral: Bool
    }

    package let id: String
    let tool: String
    let arguments: JSONValue
    /// Empty unless the tool asks questions.
    package let questions: [Question]
    private let createdAt: Int

    /// The requests of an agent state, oldest first.
    package static func all(in state: JSONValue) -> [OpenRequest] {
        (state["requests"]?.object ?? [:]).map { OpenRequest($0.key, $0.value) }
            .sorted { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    }

    private init(_ id: String, _ entry: JSONValue) {
        self.id = id
        tool = entry["tool"]?.words ?? "a tool"
        arguments = entry["arguments"] ?? .null
        createdAt = entry["createdAt"]?.integer ?? 0
        questions =
            Self.asking.contains(tool)
            ? (arguments["questions"]?.array ?? []).enumerated().map {
                Self.question($0.element, at: $0.offset)
            }
            : []
    }

    private static let asking: Set<String> = ["AskUserQuestion", "ask_user_question", "request_user_input"]

    private static func question(_ value: JSONValue, at index: Int) -> Question {
        Question(
            key: value["id"]?.words ?? "\(index)",
            text: value["question"]?.words ?? value["header"]?.words ?? "?",
            options: (value["options"]?.array ?? []).compactMap { $0["label"]?.words },
            takesSeveral: value["multiSelect"]?.bool == true)
    }

    // MARK: Display

    /// The request in one line.
    package var line: String { ToolText.line(tool, arguments).forTerminal }

    package var lines: [String] {
        let head =
            questions.isEmpty ? ["? \(ToolText.line(tool, .null)) wants to run:"] : ["? The agent asks:"]
        let body = questions.isEmpty ? ToolText.whole(tool, arguments).map { "    " + $0 } : []
        return (head + body + (questions.isEmpty ? [Self.keys] : ask(0))).map(\.forTerminal)
    }

    private static let keys = "  [y] yes  [s] yes, for this session  [n] no  [x] stop the turn"

    /// The lines for a question and its possible answers.
    package func ask(_ index: Int) -> [String] {
        let question = questions[index]
        let options = question.options.enumerated().map { "    \($0.offset + 1). \($0.element)" }
        let hint =
            question.takesSeveral
            ? "numbers with commas, or words of your own" : "a number, or words of your own"
        return ["  \(question.text)"] + options + [
            "  (\(options.isEmpty ? "type an answer" : hint); an empty line declines)"
        ]
    }

    // MARK: Answers

    /// The decision for a key; nil if the key has no meaning here.
    package func decision(for key: Character) -> JSONValue? {
        switch key {
        case "y", "Y": decision(approved: true, "approved")
        case "s", "S": decision(approved: true, "approved_for_session")
        case "n", "N": decision(approved: false, "denied")
        case "x", "X": decision(approved: false, "abort")
        default: nil
        }
    }

    package func decision(approved: Bool, _ word: String) -> JSONValue {
        .object(["id": .string(id), "approved": .bool(approved), "decision": .string(word)])
    }

    /// The answer to all questions. `typed` has one line for each; an empty line declines.
    package func answer(_ typed: [String]) -> JSONValue {
        guard typed.allSatisfy({ !$0.isEmpty }) else { return decision(approved: false, "denied") }
        var answers: [String: JSONValue] = [:]
        for (question, line) in zip(questions, typed) {
            let values = JSONValue.array(question.values(of: line).map { .string($0) })
            answers[question.key] = tool == "request_user_input" ? .object(["answers": values]) : values
        }
        return .object(["id": .string(id), "approved": .bool(true), "answers": .object(answers)])
    }
}

extension OpenRequest.Question {
    /// Numbers select options; anything else is the person's own answer.
    fileprivate func values(of line: String) -> [String] {
        let parts =
            takesSeveral
            ? line.split(separator: ",").map { String($0).trimmingWhitespace } : [line.trimmingWhitespace]
        let chosen = parts.map { part in
            Int(part).flatMap { options.indices.contains($0 - 1) ? options[$0 - 1] : nil }
        }
        return chosen.contains(nil) ? [line.trimmingWhitespace] : chosen.compactMap { $0 }
    }
}
