import HubProtocol
import Testing

extension Chat {
    /// What the web app shows for an agent of the `codex` family, one line per item: streamed text is one
    /// line, and so is a card that is updated.
    package func drawn() async throws -> [String] { try await Self.drawn(row()) }

    /// Waits until one of the lines equals this one; returns all lines.
    @discardableResult
    package func draws(
        _ line: String, within patience: Duration = .seconds(20), location: SourceLocation = #_sourceLocation
    ) async throws -> [String] {
        var lines: [String] = []
        do {
            return try await eventually("the line \(line)", within: patience, location) {
                lines = try await drawn()
                return lines.contains(line) ? lines : nil
            }
        } catch let error as TimedOut {
            throw TimedOut(description: "\(error); drawn is \(lines)")
        }
    }

    private static func drawn(_ row: JSONValue) -> [String] {
        var lines: [String] = []
        var places: [String: Int] = [:]
        for message in row["messages"]?.array ?? [] {
            let content = message["content"]
            guard let (key, line) = line(content) else { continue }
            if let key, let place = places[key] {
                lines[place] = line
                continue
            }
            if let key { places[key] = lines.count }
            lines.append(line)
        }
        return lines
    }

    private static func line(_ content: JSONValue?) -> (String?, String)? {
        if content?["role"]?.string == "user" {
            return (nil, "> " + (content?["content"]?["text"]?.string ?? ""))
        }
        let data = content?["content"]?["data"]
        let text = data?["message"]?.string ?? ""
        if content?["content"]?["type"]?.string == "event" {
            return (
                nil,
                "(\(data?["type"]?.string ?? "?")) " + (text.isEmpty ? data?["mode"]?.string ?? "" : text)
            )
        }
        switch data?["type"]?.string {
        case "message": return (data?["id"]?.string.map { "text " + $0 }, trimmed(text))
        case "reasoning": return (data?["id"]?.string.map { "reasoning " + $0 }, "~ " + trimmed(text))
        case "tool-call":
            let input = data?["input"]
            let subject = input?["command"]?.string ?? input?["file_path"]?.string ?? ""
            return (
                data?["callId"]?.string.map { "card " + $0 }, "[\(data?["name"]?.string ?? "?") \(subject)]"
            )
        case "tool-call-result":
            let output = data?["output"]
            let said = output?.string ?? output?["stdout"]?.string ?? ""
            return (nil, "= " + said + (data?["is_error"]?.bool == true ? " (failed)" : ""))
        case "plan":
            let entries = data?["entries"]?.array ?? []
            return (nil, "plan: " + entries.compactMap { $0["status"]?.string }.joined(separator: ", "))
        case "token_count": return nil
        default: return (nil, "(\(data?["type"]?.string ?? "?"))")
        }
    }

    private static func trimmed(_ text: String) -> String {
        text.hasSuffix(" ") ? String(text.dropLast()) : text
    }
}
