/// An update for someone watching a conversation on this machine.
package enum Watched: Equatable, Sendable {
    case said(Utterance, at: Int64)
    case requests([PendingRequest])
    case status(isThinking: Bool, mode: String)
}

/// The watchers of a conversation, and the past that new ones are shown.
struct Watchers: Sendable {
    /// How many past items a new watcher is shown.
    private static let pastLimit = 500
    /// In bytes.
    private static let pastSize = 16 << 20
    /// How many updates wait for a slow watcher; older ones are dropped.
    private static let backlogLimit = 1000

    private var past: [(watched: Watched, bytes: Int)] = []
    private var pastBytes = 0
    private var watchers: [Int: AsyncStream<Watched>.Continuation] = [:]
    private var next = 0

    mutating func add(_ conversation: Conversation) -> (past: [Watched], updates: AsyncStream<Watched>) {
        let (stream, continuation) = AsyncStream.makeStream(
            of: Watched.self, bufferingPolicy: .bufferingNewest(Self.backlogLimit))
        watchers[next] = continuation
        next += 1
        let now: [Watched] = [
            .requests(conversation.requests.pending),
            .status(isThinking: conversation.isThinking, mode: conversation.mode),
        ]
        return (past.map(\.watched) + now, stream)
    }

    /// - Parameter bytes: the approximate size in memory.
    mutating func tell(_ watched: Watched, bytes: Int = 0) {
        if case .said(let utterance, _) = watched { keep(utterance, watched, bytes) }
        for (key, watcher) in watchers {
            if case .terminated = watcher.yield(watched) { watchers[key] = nil }
        }
    }

    private mutating func keep(_ utterance: Utterance, _ watched: Watched, _ bytes: Int) {
        // Of a growing passage, only the final text is kept.
        if case .passage(_, isFinal: false) = utterance { return }
        past.append((watched, bytes))
        pastBytes += bytes
        while past.count > Self.pastLimit || pastBytes > Self.pastSize && past.count > 1 {
            pastBytes -= past.removeFirst().bytes
        }
    }

    mutating func finish() {
        for watcher in watchers.values { watcher.finish() }
        watchers = [:]
    }
}
