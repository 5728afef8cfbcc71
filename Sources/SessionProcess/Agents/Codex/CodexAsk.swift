import HubProtocol

/// A request of Codex that waits for a person's decision.
struct CodexAsk: Equatable, Sendable {
    enum Kind: Equatable, Sendable {
        case command, fileChange
        /// If approved, exactly the requested permissions are granted.
        case permissions(JSONValue)
        case questions
        case form(ElicitationForm)
    }

    let rpc: JSONRPC.ID
    let kind: Kind
    let card: String

    func response(_ answer: PermissionAnswer) -> JSONRPC.Message { .success(rpc, result(answer)) }

    private func result(_ answer: PermissionAnswer) -> JSONValue {
        let approved = answer.decision == .approved || answer.decision == .approvedForSession
        switch kind {
        case .command, .fileChange:
            return .object(["decision": .string(Self.words[answer.decision] ?? "decline")])
        case .permissions(let permissions):
            let scope = answer.decision == .approvedForSession ? "session" : "turn"
            return .object([
                "permissions": approved ? permissions : .object([:]), "scope": .string(scope),
            ])
        case .questions:
            let answers = answer.answers.mapValues { values in
                JSONValue.object(["answers": .array(values.map { .string($0) })])
            }
            return .object(["answers": .object(approved ? answers : [:])])
        case .form(let form):
            guard approved else {
                return .object(["action": .string(answer.decision == .abort ? "cancel" : "decline")])
            }
            return .object(["action": .string("accept"), "content": form.content(answer.answers)])
        }
    }

    private static let words: [PermissionAnswer.Decision: String] = [
        .approved: "accept", .approvedForSession: "acceptForSession", .denied: "decline", .abort: "cancel",
    ]
}

/// A form of an MCP server, shown as one question per field.
struct ElicitationForm: Equatable, Sendable {
    private let message: String
    private let fields: [String: JSONValue]

    init(_ params: JSONValue) {
        message = params["message"]?.words ?? "An MCP server asks"
        fields = params["requestedSchema"]?["properties"]?.object ?? [:]
    }

    /// In the web app's format. A form without fields becomes one question to confirm.
    var questions: JSONValue {
        guard !fields.isEmpty else { return .array([question("ok", message, ["Yes"])]) }
        return .array(
            fields.sorted { $0.key < $1.key }.map { name, field in
                let words = field["title"]?.words ?? field["description"]?.words ?? name
                return question(name, "\(message): \(words)", Self.options(field))
            })
    }

    private func question(_ id: String, _ text: String, _ options: [String]) -> JSONValue {
        .object([
            "id": .string(id), "question": .string(text),
            "options": .array(
                options.map { .object(["label": .string($0), "description": .string("")]) }),
        ])
    }

    private static func options(_ field: JSONValue) -> [String] {
        if field["type"]?.string == "boolean" { return ["Yes", "No"] }
        return (field["enum"]?.array ?? []).compactMap(\.string)
    }

    func content(_ answers: [String: [String]]) -> JSONValue {
        var content: [String: JSONValue] = [:]
        for (name, field) in fields {
            guard let value = answers[name]?.first else { continue }
            content[name] = Self.value(value, of: field, all: answers[name] ?? [])
        }
        return .object(content)
    }

    private static func value(_ text: String, of field: JSONValue, all: [String]) -> JSONValue {
        switch field["type"]?.string {
        case "boolean": .bool(["yes", "true", "y", "1"].contains(text.lowercased()))
        case "integer": Int64(text).map { .integer($0) } ?? .string(text)
        case "number": Double(text).map { .number($0) } ?? .string(text)
        case "array": .array(all.map { .string($0) })
        default: .string(text)
        }
    }
}
