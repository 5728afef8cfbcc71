import HubProtocol

/// What is still to be sent to the hub, in order and in bounded memory while the hub is unreachable or slow.
///
/// An item is kept until the hub has confirmed it. After a lost connection, the items sent on it are compared
/// with the messages that the hub has, so that nothing is lost or sent twice.
struct Outbox: Sendable {
    enum Content: Equatable, Sendable {
        case message(JSONValue)
        case consumed([String], clearsThinking: Bool, steered: Bool)
        /// The agent state at the time of sending.
        case requests
    }

    struct Item: Equatable, Sendable {
        let number: Int
        var content: Content
        /// The name of a snapshot. A later one with the same name replaces it while it is unsent.
        var snapshot: String?
        var isDroppable: Bool
        var bytes: Int
    }

    /// In bytes of messages. Beyond this, snapshots and usage are dropped first, then the oldest messages.
    /// The number of dropped messages is reported.
    static let limit = 32 << 20

    private var items: [Item] = []
    private var first = 0
    private var nextNumber = 0
    /// Items with a smaller number were sent on the current connection.
    private var sentUpTo = 0
    private(set) var bytes = 0
    private(set) var droppedMessages = 0
    private let limit: Int

    init(limit: Int = Outbox.limit) { self.limit = limit }

    var isEmpty: Bool { first == items.count }
    var count: Int { items.count - first }

    mutating func put(_ content: Content, snapshot: String? = nil, isDroppable: Bool = false, bytes: Int = 64)
    {
        // Replaces an unsent snapshot in place.
        if let snapshot, let index = items[first...].lastIndex(where: { $0.snapshot == snapshot }),
            items[index].number >= sentUpTo
        {
            self.bytes += bytes - items[index].bytes
            items[index].content = content
            items[index].bytes = bytes
            items[index].isDroppable = isDroppable
        } else {
            items.append(
                Item(
                    number: nextNumber, content: content, snapshot: snapshot, isDroppable: isDroppable,
                    bytes: bytes))
            nextNumber += 1
            self.bytes += bytes
        }
        makeRoom()
    }

    private mutating func makeRoom() {
        guard bytes > limit else { return }
        remove { $0.isDroppable }
        guard bytes > limit else { return }
        droppedMessages += remove {
            if case .message = $0.content { true } else { false }
        }
    }

    /// Removes the oldest matching unsent items until half of the limit is free, so that it is not needed
    /// again for every message. Returns how many were removed.
    @discardableResult
    private mutating func remove(where fits: (Item) -> Bool) -> Int {
        var kept: [Item] = []
        var count = 0
        for item in items[first...] {
            if bytes > limit / 2, item.number >= sentUpTo, fits(item) {
                bytes -= item.bytes
                count += 1
            } else {
                kept.append(item)
            }
        }
        items = kept
        first = 0
        return count
    }

    /// The number of messages dropped since the last call.
    mutating func takeDropped() -> Int {
        defer { droppedMessages = 0 }
        return droppedMessages
    }

    /// The next items to send, which then count as sent on this connection.
    mutating func take(_ limit: Int) -> [Item] {
        let batch = items[first...].drop { $0.number < sentUpTo }.prefix(limit)
        if let last = batch.last { sentUpTo = last.number + 1 }
        return Array(batch)
    }

    /// The hub has confirmed all sent items up to this number.
    mutating func confirm(upTo number: Int) {
        while first < items.count, items[first].number <= number {
            bytes -= items[first].bytes
            first += 1
        }
        if first > 256 || first == items.count {
            items.removeFirst(first)
            first = 0
        }
    }

    /// The connection was lost.
    ///
    /// - Parameter known: the messages that the hub has after the last confirmed one, oldest first. They are
    ///   not sent again.
    mutating func reconnected(known: [JSONValue]) {
        var known = known[...]
        var arrived: Set<Int> = []
        for item in items[first...] where item.number < sentUpTo {
            guard case .message(let message) = item.content else { continue }
            // A connection keeps the order: everything after the first missing message was lost too.
            guard let index = known.firstIndex(of: message) else { break }
            known = known[(index + 1)...]
            arrived.insert(item.number)
        }
        for item in items[first...] where arrived.contains(item.number) { bytes -= item.bytes }
        items = items[first...].filter { !arrived.contains($0.number) }
        first = 0
        sentUpTo = items.first?.number ?? nextNumber
    }

    /// Whether anything was sent that the hub has not confirmed yet.
    var hasUnconfirmed: Bool { first < items.count && items[first].number < sentUpTo }
}
