import Logging
import Processes
import RunnerStore

/// Writes the facts of a conversation to the store, in order. The conversation goes on even if the store
/// cannot be written.
final class ConversationRecord: Sendable {
    private let path: String
    private let session: String
    private let logger: Logger
    private let facts: AsyncStream<Note>
    private let noted: AsyncStream<Note>.Continuation

    private struct Note: Sendable {
        let fact: ConversationFact
        let at: Int64
        let isDone: OneShot<Void>
    }

    init(path: String, session: String, logger: Logger) {
        self.path = path
        self.session = session
        self.logger = logger
        // More than any turn has. Beyond this the oldest facts are dropped, to bound memory.
        (facts, noted) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(10_000))
    }

    /// The returned signal is set when the fact is stored, or when storing it has failed.
    @discardableResult
    func write(_ fact: ConversationFact, at now: Int64) -> OneShot<Void> {
        let note = Note(fact: fact, at: now, isDone: OneShot())
        noted.yield(note)
        return note.isDone
    }

    func finish() { noted.finish() }

    /// Runs until ``finish()``, and writes everything noted before it.
    func run() async {
        var ids = IDs()
        for await note in facts {
            let known = ids
            let (fact, now) = (note.fact, note.at)
            let (path, session, logger) = (path, session, logger)
            let written = await BlockingWork.run { () -> IDs? in
                do {
                    var ids = known
                    let store = try StoreConnection(path: path, mode: .existing)
                    try store.write { writing throws(StoreError) in
                        try ids.write(fact, of: session, Timestamp(milliseconds: now), to: writing)
                    }
                    return ids
                } catch {
                    logger.warning("a fact is not on record", metadata: ["error": "\(error)"])
                    return nil
                }
            }
            ids = (written ?? nil) ?? ids
            note.isDone.set(())
        }
    }

    /// The store's row ids of the open turns and requests.
    private struct IDs: Sendable {
        var turns: [String: Int64] = [:]
        var requests: [String: Int64] = [:]

        mutating func write(
            _ fact: ConversationFact, of session: String, _ now: Timestamp, to store: Writing
        ) throws(StoreError) {
            switch fact {
            case .turnBegan(let id, let prompt, let from):
                turns[id] = try store.beginTurn(of: session, detail: "\(from): \(prompt)", at: now)
            case .turnEnded(let id, let outcome):
                guard let turn = turns.removeValue(forKey: id) else { return }
                let outcomes: [String: TurnOutcome] = ["interrupted": .aborted, "failed": .failed]
                try store.endTurn(turn, outcomes[outcome] ?? .completed, at: now)
            case .asked(let card, let tool, let summary):
                requests[card] = try store.recordToolRequest(
                    card, tool, summary: summary.isEmpty ? nil : summary, of: session, at: now)
            case .decided(let card, let status, let by):
                guard let request = requests.removeValue(forKey: card) else { return }
                try store.recordToolDecision(request, status, by: by, at: now)
            case .nativeID(let id): try store.setNativeID(id, of: session)
            case .title(let title): try store.setTitle(title, of: session)
            case .given(let key): try store.recordMessage(key, .given, in: session, at: now)
            case .returned(let key): try store.recordMessage(key, .returned, in: session, at: now)
            }
        }
    }
}
