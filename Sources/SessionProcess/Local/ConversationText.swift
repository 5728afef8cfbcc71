import Home
import HubProtocol

/// A conversation as plain lines. Its input is what a session's socket sends: messages of the hub's `codex`
/// family, whatever the agent (session contract §4).
///
/// Streamed text is returned line by line; its last line follows when something else is said or the turn
/// ends.
package struct ConversationText {
    /// A text that arrives as growing snapshots.
    private struct Growing {
        var text: String
        /// How many bytes of it have been returned.
        var told = 0
        let mark: String
    }

    private var growing: [String: Growing] = [:]
    private var tools: [String: String] = [:]

    package init() {}

    package mutating func lines(of message: JSONValue) -> [String] {
        let content = message["content"] ?? .null
        let lines =
            switch (message["role"]?.string, content["type"]?.string) {
            case ("user", _): flushed() + TextLines.of(content["text"]?.string, mark: "> ")
            case (_, "codex"): codex(content["data"] ?? .null)
            case (_, "event"): event(content["data"] ?? .null)
            default: [String]()
            }
        return lines.map(\.forTerminal)
    }

    /// Returns the rest of all streamed texts.
    package mutating func flushed() -> [String] {
        defer { growing = [:] }
        return growing.sorted { $0.key < $1.key }.flatMap { _, growing in
            TextLines.of(
                String(decoding: growing.text.utf8.dropFirst(growing.told), as: UTF8.self), mark: growing.mark
            )
        }.map(\.forTerminal)
    }

    // MARK: Families

    private mutating func codex(_ data: JSONValue) -> [String] {
        switch data["type"]?.string {
        case "message": grow(data, mark: "", isFinal: data["streamSnapshot"]?.bool != true)
        case "reasoning": grow(data, mark: "· ", isFinal: data["live"]?.bool != true)
        case "tool-call":
            flushed() + opened(data["callId"]?.string, data["name"]?.string ?? "tool", data["input"] ?? .null)
        case "tool-call-result":
            flushed()
                + closed(
                    data["callId"]?.string, data["output"] ?? .null, failed: data["is_error"]?.bool == true)
        case "plan": flushed() + Self.plan(data["entries"]?.array ?? [])
        case "error": flushed() + ["error: \(data["message"]?.string ?? "")"]
        case "context_compacted": flushed() + ["-- the context was compacted"]
        default: []
        }
    }

    private mutating func event(_ data: JSONValue) -> [String] {
        let rest = flushed()
        switch data["type"]?.string {
        case "message": return rest + TextLines.of(data["message"]?.string, mark: "-- ")
        case "error": return rest + TextLines.of(data["message"]?.string, mark: "error: ")
        case "permission-mode-changed": return rest + ["-- permission mode: \(data["mode"]?.string ?? "")"]
        case "title-changed": return rest + ["-- title: \(data["title"]?.string ?? "")"]
        default: return rest
        }
    }

    // MARK: Parts

    private mutating func grow(_ data: JSONValue, mark: String, isFinal: Bool) -> [String] {
        let text = data["message"]?.string ?? ""
        guard let id = data["id"]?.string else { return flushed() + TextLines.of(text, mark: mark) }
        var lines: [String] = []
        if growing[id] == nil { lines = flushed() }
        var entry = growing[id] ?? Growing(text: text, mark: mark)
        entry.text = text
        let rest = text.utf8.dropFirst(entry.told)
        if isFinal {
            growing[id] = nil
            return lines + TextLines.of(String(decoding: rest, as: UTF8.self), mark: mark)
        }
        if let end = rest.lastIndex(of: UInt8(ascii: "\n")) {
            let whole = rest[...end]
            lines += TextLines.of(String(decoding: whole, as: UTF8.self), mark: mark)
            entry.told += whole.count
        }
        growing[id] = entry
        return lines
    }

    /// A card that is sent again is shown again only if its line has changed.
    private mutating func opened(_ id: String?, _ name: String, _ input: JSONValue) -> [String] {
        let line = ToolText.line(name, input)
        guard let id, tools[id] != line else { return [] }
        tools[id] = line
        return ["* \(line)"]
    }

    private mutating func closed(_ id: String?, _ output: JSONValue, failed: Bool) -> [String] {
        guard let id, tools.removeValue(forKey: id) != nil else { return [] }
        let said = Self.text(of: output).split(whereSeparator: \.isNewline)
        let more = said.count > 1 ? " (\(said.count) lines)" : ""
        return [
            "  \(failed ? "failed" : "ok")\(said.first.map { ": \(String($0).firstPart(of: 120))" } ?? "")\(more)"
        ]
    }

    private static func text(of output: JSONValue) -> String {
        if let text = output.string { return text }
        if let blocks = output.array {
            return blocks.compactMap { $0["text"]?.string }.joined(separator: "\n")
        }
        return [output["stdout"]?.words, output["stderr"]?.words].compactMap { $0 }.joined(separator: "\n")
    }

    private static func plan(_ entries: [JSONValue]) -> [String] {
        entries.map { entry in
            let box =
                switch entry["status"]?.string {
                case "completed": "[x]"
                case "in_progress": "[>]"
                default: "[ ]"
                }
            return "\(box) \(entry["content"]?.string ?? "")"
        }
    }
}

extension String {
    /// Escapes characters that a terminal would interpret.
    var forTerminal: String { replacing("\t", with: "    ").visible }
}
