import HubProtocol

/// An item of a Codex turn, as a card of the web app (session contract §12).
enum CodexItem {
    /// nil if the item is not a tool call.
    static func call(_ item: JSONValue) -> ToolCall? {
        guard let id = item["id"]?.words, let (name, input) = view(item) else { return nil }
        return ToolCall(id: id, name: name, input: input, nativeKind: item["type"]?.string)
    }

    private static func view(_ item: JSONValue) -> (String, JSONValue)? {
        switch item["type"]?.string {
        case "commandExecution":
            ("CodexBash", command(item, reason: nil))
        case "fileChange":
            ("CodexPatch", .object(["changes": changes(item["changes"] ?? .null)]))
        case "mcpToolCall":
            (
                "mcp__\(item["server"]?.string ?? "")__\(item["tool"]?.string ?? "")",
                item["arguments"] ?? .object([:])
            )
        case "dynamicToolCall": (item["tool"]?.words ?? "tool", item["arguments"] ?? .object([:]))
        case "webSearch": ("WebSearch", .object(of: ["query": item["query"]]))
        case "imageView": ("Read", .object(of: ["file_path": item["path"]]))
        case "collabAgentToolCall":
            (
                "Task",
                .object(of: [
                    "description": item["tool"], "prompt": item["prompt"], "subagent_type": .string("codex"),
                ])
            )
        default: nil
        }
    }

    static func command(_ item: JSONValue, reason: String?) -> JSONValue {
        .object(of: [
            "command": item["command"].flatMap(commandLine).map { .string($0) },
            "cwd": .string(item["cwd"]?.words),
            "message": .string(reason),
        ])
    }

    private static func commandLine(_ value: JSONValue) -> String? {
        value.string ?? value.array.map { $0.compactMap(\.string).joined(separator: " ") }
    }

    /// The changes by path. Several changes to one file are merged.
    static func changes(_ list: JSONValue) -> JSONValue {
        var changes: [String: JSONValue] = [:]
        for change in list.array ?? [] {
            let path = change["path"]?.string ?? "?"
            let diff = [changes[path]?["diff"]?.string, change["diff"]?.string].compactMap { $0 }
            changes[path] = .object(of: [
                "kind": change["kind"], "diff": .string(diff.joined(separator: "\n")),
            ])
        }
        return .object(changes)
    }

    static func result(_ item: JSONValue) -> ToolResult? {
        guard let id = item["id"]?.words else { return nil }
        let status = item["status"]?.string ?? "completed"
        let failed = status == "failed" || status == "declined"
        switch item["type"]?.string {
        case "commandExecution":
            let output: JSONValue = .object(of: [
                "stdout": .string(
                    item["aggregatedOutput"]?.string ?? (status == "declined" ? "Not run: refused" : "")),
                "exit_code": item["exitCode"].flatMap { $0 == .null ? nil : $0 },
            ])
            let exitCode = item["exitCode"]?.integer ?? 0
            return ToolResult(id: id, output: output, isError: failed || exitCode != 0)
        case "fileChange":
            let words = status == "declined" ? "Not changed: refused" : ""
            return ToolResult(
                id: id, output: .object(["stdout": .string(words), "success": .bool(!failed)]),
                isError: failed)
        case "mcpToolCall":
            if let error = item["error"]?["message"]?.words {
                return ToolResult(id: id, output: .string(error), isError: true)
            }
            return ToolResult(id: id, output: .string(text(item["result"]?["content"])), isError: failed)
        case "dynamicToolCall":
            return ToolResult(
                id: id, output: .string(text(item["contentItems"])),
                isError: failed || item["success"]?.bool == false)
        default: return ToolResult(id: id, output: .string(""), isError: failed)
        }
    }

    private static func text(_ content: JSONValue?) -> String {
        (content?.array ?? []).compactMap { $0["text"]?.string }.joined(separator: "\n")
    }
}
