import HubProtocol

/// What the hub is still to be told, in order and in bounded memory, while it is away or slow.
///
/// An item stays until the hub has confirmed it. After a line was lost, what had been sent on it is
/// compared with what the hub has, so that nothing is lost and nothing comes twice.
struct Outbox: Sendable {
    enum Content: Equatable, Sendable {
        case message(JSONValue)
        case consumed([String], clearsThinking: Bool, steered: Bool)
        /// The agent state as it then is.
        case requests
    }

    struct Item: Equatable, Sendable {
        let number: Int
        var content: Content
        /// Of a snapshot that a later one of the same name replaces.
        var snapshot: String?
        var isDroppable: Bool
        var bytes: Int
    }

    /// In bytes of messages. Beyond it, snapshots and usage go first, then the oldest messages; the person
    /// is told how many.
    static let limit = 32 << 20

    private var items: [Item] = []
    private var first = 0
    private var nextNumber = 0
    /// Items before this number were sent on the present line.
    private var sentUpTo = 0
    private(set) var bytes = 0
    private(set) var droppedMessages = 0
    private let limit: Int

    init(limit: Int = Outbox.limit) { self.limit = limit }

    var isEmpty: Bool { first == items.count }
    var count: Int { items.count - first }

    mutating func put(_ content: Content, snapshot: String? = nil, isDroppable: Bool = false, bytes: Int = 64)
    {
        // A snapshot that has not been sent is replaced where it stands.
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

    /// Removes the oldest items that fit, sent ones excepted, until half of the limit is free again: so that
    /// it is not done for each message anew. Returns how many went.
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

    /// How many messages were dropped since the last call.
    mutating func takeDropped() -> Int {
        defer { droppedMessages = 0 }
        return droppedMessages
    }

    /// The next items to send; they count as sent on this line.
    mutating func take(_ limit: Int) -> [Item] {
        let batch = items[first...].drop { $0.number < sentUpTo }.prefix(limit)
        if let last = batch.last { sentUpTo = last.number + 1 }
        return Array(batch)
    }

    /// The hub has all that were sent, up to this number.
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

    /// The line is lost. `known` are the messages that the hub has, oldest first, since the last that were
    /// confirmed: they are not sent again.
    mutating func reconnected(known: [JSONValue]) {
        var known = known[...]
        var arrived: Set<Int> = []
        for item in items[first...] where item.number < sentUpTo {
            guard case .message(let message) = item.content else { continue }
            // Order is kept on a line: what comes after the first that is missing was lost with it.
            guard let index = known.firstIndex(of: message) else { break }
            known = known[(index + 1)...]
            arrived.insert(item.number)
        }
        for item in items[first...] where arrived.contains(item.number) { bytes -= item.bytes }
        items = items[first...].filter { !arrived.contains($0.number) }
        first = 0
        sentUpTo = items.first?.number ?? nextNumber
    }

    /// Whether something was sent that the hub has not confirmed.
    var hasUnconfirmed: Bool { first < items.count && items[first].number < sentUpTo }
}
