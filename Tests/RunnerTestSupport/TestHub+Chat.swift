import HubProtocol
import Testing

/// A session as a user of the web app sees it.
package struct Chat: Sendable {
    package let hub: TestHub
    package let id: String

    package init(_ hub: TestHub, _ id: String) {
        self.hub = hub
        self.id = id
    }

    /// Sends a message; returns its `localId`.
    @discardableResult
    package func say(_ text: String, as localID: String, steering: Bool = false) async throws -> String {
        _ = try await hub.ask(
            "say",
            [
                "sessionId": .string(id), "text": .string(text), "localId": .string(localID),
                "steer": .bool(steering),
            ])
        return localID
    }

    package func takeBack(_ localID: String) async throws -> JSONValue {
        try await hub.ask("take-back", ["sessionId": .string(id), "localId": .string(localID)])
    }

    package func row() async throws -> JSONValue { try await hub.session(id) ?? .null }

    /// What the web app shows, one line per item.
    package func lines() async throws -> [String] { try await Self.lines(row()) }

    /// Waits until one of the lines equals this one; returns all lines.
    @discardableResult
    package func shows(
        _ line: String, within patience: Duration = .seconds(15), location: SourceLocation = #_sourceLocation
    ) async throws -> [String] {
        var shown: [String] = []
        do {
            return try await eventually("the line \(line)", within: patience, location) {
                shown = try await lines()
                return shown.contains(line) ? shown : nil
            }
        } catch let error as TimedOut {
            throw TimedOut(description: "\(error); shown is \(shown)")
        }
    }

    /// Waits for a request for this tool, or for any tool, and returns the id of its card.
    package func request(
        _ tool: String? = nil, location: SourceLocation = #_sourceLocation
    ) async throws -> String {
        try await eventually("a request for \(tool ?? "a tool")", location) {
            let open = try await row()["agentState"]?["requests"]?.object ?? [:]
            return open.first { tool == nil || $0.value["tool"]?.string == tool }?.key
        }
    }

    package func decide(_ card: String, _ answer: JSONValue) async throws {
        let members = (answer.object ?? [:]).merging(["id": .string(card)]) { _, new in new }
        _ = try await hub.call("permission", .object(members), of: id)
    }

    /// Waits until the session is idle.
    package func isIdle(location: SourceLocation = #_sourceLocation) async throws {
        try await eventually("the session to be idle", location) {
            let row = try await row()
            let waiting = row["messages"]?.array?.contains { $0["invokedAt"]?.isNull == true } ?? false
            return row["thinking"]?.bool == false && !waiting
        }
    }

    private static func lines(_ row: JSONValue) -> [String] {
        (row["messages"]?.array ?? []).flatMap { message -> [String] in
            let content = message["content"]
            if content?["role"]?.string == "user" {
                return ["> " + (content?["content"]?["text"]?.string ?? "")]
            }
            let data = content?["content"]?["data"]
            if content?["content"]?["type"]?.string == "event" { return [event(data)] }
            return blocks(data)
        }
    }

    private static func event(_ data: JSONValue?) -> String {
        let type = data?["type"]?.string ?? "?"
        return "(\(type)) " + (data?["message"]?.string ?? data?["mode"]?.string ?? "")
    }

    private static func blocks(_ data: JSONValue?) -> [String] {
        if data?["type"]?.string == "system" { return ["(\(data?["subtype"]?.string ?? "?"))"] }
        return (data?["message"]?["content"]?.array ?? []).map { block in
            switch block["type"]?.string {
            case "text": block["text"]?.string ?? ""
            case "thinking": "~ " + (block["thinking"]?.string ?? "")
            case "tool_use":
                "[\(block["name"]?.string ?? "?") "
                    + (block["input"]?["command"]?.string ?? block["input"]?["file_path"]?.string ?? "") + "]"
            case "tool_result":
                "= " + (block["content"]?.string ?? "?")
                    + (block["is_error"]?.bool == true ? " (failed)" : "")
            default: "?"
            }
        }
    }
}
