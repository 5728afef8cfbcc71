import HubProtocol

/// A tool call of an ACP agent, accumulated from updates that contain only what is new (session contract
/// §11.3).
struct ACPToolCall: Equatable, Sendable {
    let id: String
    var title: String?
    var kind: String?
    var status: String?
    var rawInput: JSONValue?
    var rawOutput: JSONValue?
    var content: [JSONValue] = []
    /// The latest diffs, kept when the content is replaced by something else, so that the card stays what it
    /// was.
    private var diffs: [JSONValue] = []
    var locations: [JSONValue] = []

    init(id: String) { self.id = id }

    /// Missing members stay unchanged.
    mutating func merge(_ update: JSONValue) {
        title = update["title"]?.words ?? title
        kind = update["kind"]?.words ?? kind
        status = update["status"]?.words ?? status
        // Some agents send an empty object first.
        rawInput = update["rawInput"].flatMap { $0 == .null || $0 == .object([:]) ? nil : $0 } ?? rawInput
        rawOutput = update["rawOutput"].flatMap { $0 == .null ? nil : $0 } ?? rawOutput
        if let content = update["content"]?.array, !content.isEmpty {
            self.content = content
            let diffs = content.filter { $0["type"]?.string == "diff" }
            if !diffs.isEmpty { self.diffs = diffs }
        }
        if let locations = update["locations"]?.array, !locations.isEmpty { self.locations = locations }
    }

    var isOver: Bool { status == "completed" || status == "failed" }

    // MARK: The card

    /// Uses the tool names that the web app has views for.
    var call: ToolCall {
        let (name, input) = view
        return ToolCall(
            id: id, name: name, input: input, description: name == "Bash" ? nil : title, nativeTitle: title,
            nativeKind: kind)
    }

    private var view: (String, JSONValue) {
        if diffs.count > 1 { return ("CodexPatch", .object(["changes": .object(Self.changes(diffs))])) }
        if let diff = diffs.first { return Self.edit(diff) }
        let input = rawInput ?? typedInput
        switch kind {
        case "execute":
            let command = (input?["command"] ?? input?["cmd"]).flatMap(Self.commandLine) ?? title ?? ""
            return ("Bash", .object(of: ["command": .string(command), "description": .string(title)]))
        case "read":
            let path =
                input?["path"]?.words ?? input?["file_path"]?.words ?? locations.first?["path"]?.words
                ?? title
            return ("Read", .object(of: ["file_path": .string(path)]))
        case "search":
            if let pattern = input?["pattern"]?.words {
                return ("Grep", .object(of: ["pattern": .string(pattern), "path": input?["path"]]))
            }
        case "fetch":
            if let url = input?["url"]?.words { return ("WebFetch", .object(["url": .string(url)])) }
        case "switch_mode":
            let plan = input?["plan"]?.words ?? text ?? title
            return ("ExitPlanMode", .object(of: ["plan": .string(plan)]))
        default: break
        }
        return (title ?? kind ?? "Tool", input ?? .object([:]))
    }

    private static func edit(_ diff: JSONValue) -> (String, JSONValue) {
        let path = diff["path"]?.string ?? "?"
        let new = diff["newText"]?.string ?? ""
        guard let old = diff["oldText"]?.string else {
            return ("Write", .object(["file_path": .string(path), "content": .string(new)]))
        }
        let members = ["file_path": path, "old_string": old, "new_string": new]
        return ("Edit", .object(members.mapValues { .string($0) }))
    }

    private static func changes(_ diffs: [JSONValue]) -> [String: JSONValue] {
        var changes: [String: JSONValue] = [:]
        for diff in diffs {
            let lines =
                TextLines.of(diff["oldText"]?.string, mark: "-")
                + TextLines.of(diff["newText"]?.string, mark: "+")
            changes[diff["path"]?.string ?? "?"] = .object(["diff": .string(lines.joined(separator: "\n"))])
        }
        return changes
    }

    private static func commandLine(_ value: JSONValue) -> String? {
        value.words ?? value.array.map { $0.compactMap(\.string).joined(separator: " ") }
    }

    /// The arguments, if the agent streams them into the content as JSON.
    private var typedInput: JSONValue? {
        guard status != "completed", let text, text.hasPrefix("{"), text.utf8.count < 64 << 10 else {
            return nil
        }
        // Fails while the object is incomplete; the next update has more of it.
        return (try? JSONValue(parsing: Array(text.utf8))).flatMap { $0.members == nil ? nil : $0 }
    }

    private var text: String? {
        let parts = content.compactMap { $0["content"]?["text"]?.string }
        return parts.isEmpty ? nil : parts.joined(separator: "\n")
    }

    // MARK: Result

    /// nil while the call is in progress.
    var result: ToolResult? {
        guard isOver else { return nil }
        return ToolResult(id: id, output: output, isError: status == "failed", structured: streams)
    }

    private var output: JSONValue {
        if let text { return .string(text) }
        if !diffs.isEmpty {
            return .string(diffs.compactMap { $0["path"]?.string }.joined(separator: "\n"))
        }
        return streams ?? rawOutput ?? .string("")
    }

    private var streams: JSONValue? {
        guard let rawOutput, rawOutput["stdout"] != nil || rawOutput["stderr"] != nil else { return nil }
        return rawOutput
    }
}
