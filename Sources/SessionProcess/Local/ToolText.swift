import HubProtocol

/// Formats a tool call for a terminal.
enum ToolText {
    /// One line with the tool and its subject.
    static func line(_ name: String, _ input: JSONValue) -> String {
        let subject = subject(of: input).map {
            $0.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
        }
        return [name, subject].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: ": ").shortened(
            to: 160)
    }

    private static func subject(of input: JSONValue) -> String? {
        if let changes = input["changes"] { return paths(of: changes).joined(separator: ", ") }
        for key in ["command", "cmd", "file_path", "path", "pattern", "url", "query", "description", "name"] {
            if let words = input[key]?.words { return words }
        }
        return nil
    }

    /// Everything needed to decide about the call: the command, the diff.
    static func whole(_ name: String, _ input: JSONValue) -> [String] {
        if let command = (input["command"] ?? input["cmd"])?.words {
            return TextLines.of(input["message"]?.words ?? input["description"]?.words, mark: "# ")
                + TextLines.of(command)
        }
        if let path = input["file_path"]?.words, let new = input["new_string"]?.string {
            return [path] + TextLines.of(input["old_string"]?.words, mark: "- ")
                + TextLines.of(new, mark: "+ ")
        }
        if let path = input["file_path"]?.words, let content = input["content"]?.string {
            return [path] + TextLines.of(content, mark: "+ ")
        }
        if let changes = input["changes"] { return diffs(of: changes) }
        if let plan = input["plan"]?.words { return TextLines.of(plan) }
        guard input.members != nil, let text = try? JSON.encode(input, pretty: true) else { return [] }
        return TextLines.of(String(decoding: text, as: UTF8.self))
    }

    /// Codex sends a list of `{path, diff}`; the hub's card has an object keyed by path.
    private static func diffs(of changes: JSONValue) -> [String] {
        let pairs: [(path: String, change: JSONValue)] =
            changes.array?.map { ($0["path"]?.string ?? "?", $0) }
            ?? (changes.object ?? [:]).sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        return pairs.flatMap { path, change in
            [path]
                + TextLines.of(
                    change["diff"]?.words ?? change["unified_diff"]?.words ?? change["content"]?.words)
        }
    }

    private static func paths(of changes: JSONValue) -> [String] {
        changes.array?.compactMap { $0["path"]?.words } ?? (changes.object ?? [:]).keys.sorted()
    }
}
