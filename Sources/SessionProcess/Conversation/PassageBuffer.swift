/// Collects chunks of streamed text, so that a long answer needs few messages: sends the first chunk at once,
/// then the text so far every ``interval``.
struct PassageBuffer: Equatable, Sendable {
    /// In milliseconds. Each snapshot is a row at the hub.
    static let interval: Int64 = 250

    private var open: Passage?
    private var shown = 0
    private var lastShown: Int64?
    private(set) var due: Int64?

    /// Adds a chunk or a complete passage; returns what to send now.
    mutating func take(_ passage: Passage, at now: Int64) -> [Utterance] {
        var said: [Utterance] = []
        if let open, (open.id, open.kind) != (passage.id, passage.kind) { said += flush() }
        if passage.extent == .whole {
            discard()
            return passage.text.isEmpty ? said : said + [.passage(passage, isFinal: true)]
        }
        if open == nil {
            open = Passage(
                id: passage.id, kind: passage.kind, extent: .whole, text: "", parent: passage.parent)
        }
        open?.text += passage.text
        if due == nil { due = max(now, (lastShown ?? .min / 2) + Self.interval) }
        return said + wake(at: now)
    }

    /// Returns the text so far if a snapshot is due.
    mutating func wake(at now: Int64) -> [Utterance] {
        guard let due, due <= now, let open else { return [] }
        self.due = nil
        guard open.text.utf8.count > shown else { return [] }
        shown = open.text.utf8.count
        lastShown = now
        return [.passage(open, isFinal: false)]
    }

    /// Completes the passage.
    mutating func flush() -> [Utterance] {
        defer { discard() }
        guard let open, !open.text.isEmpty else { return [] }
        return [.passage(open, isFinal: true)]
    }

    private mutating func discard() {
        open = nil
        shown = 0
        due = nil
    }
}

/// Sends a changed value at once, and then at most once a second.
struct UsageThrottle: Equatable, Sendable {
    private static let interval: Int64 = 1000
    private var waiting: TokenUsage?
    private var last: TokenUsage?
    private var lastSaid: Int64?

    var due: Int64? { waiting == nil ? nil : (lastSaid ?? 0) + Self.interval }

    mutating func take(_ usage: TokenUsage, at now: Int64) -> [Utterance] {
        guard usage != last else { return [] }
        waiting = usage
        return wake(at: now)
    }

    mutating func wake(at now: Int64) -> [Utterance] {
        if let lastSaid, now < lastSaid + Self.interval { return [] }
        lastSaid = waiting == nil ? lastSaid : now
        return flush()
    }

    mutating func flush() -> [Utterance] {
        guard let waiting else { return [] }
        last = waiting
        self.waiting = nil
        return [.usage(waiting)]
    }
}
