/// What someone who watches a conversation from this machine is told.
package enum Watched: Equatable, Sendable {
    case said(Utterance, at: Int64)
    case requests([PendingRequest])
    case status(isThinking: Bool, mode: String)
}

/// Who watches, and what they missed.
struct Watchers: Sendable {
    /// How much of the past a new watcher is shown.
    private static let pastLimit = 500
    /// What waits for a slow watcher; older things are dropped.
    private static let backlogLimit = 1000

    private var past: [Watched] = []
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
        return (past + now, stream)
    }

    mutating func tell(_ watched: Watched) {
        if case .said(let utterance, _) = watched { keep(utterance, watched) }
        for (key, watcher) in watchers {
            if case .terminated = watcher.yield(watched) { watchers[key] = nil }
        }
    }

    private mutating func keep(_ utterance: Utterance, _ watched: Watched) {
        // Of a growing passage the end is enough.
        if case .passage(_, isFinal: false) = utterance { return }
        past.append(watched)
        if past.count > Self.pastLimit { past.removeFirst(past.count - Self.pastLimit) }
    }

    mutating func finish() {
        for watcher in watchers.values { watcher.finish() }
        watchers = [:]
    }
}
