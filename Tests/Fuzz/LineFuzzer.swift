import FoundationEssentials

// Compiled together with the dialects, the conversation and JSON, by `scripts/fuzz`; no part of the package.

/// The first byte of an input chooses the agent, the rest is a talk with it, a line each. One that begins with `>` is
/// what a person does, or the clock; any other is written by the agent.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    guard let first = input.first else { return 0 }
    FramingLaws.check(input)
    var talk = Talk(["claude", "codex", "vibe"][Int(first) % 3])
    for line in input.dropFirst().split(separator: UInt8(ascii: "\n")) {
        if line.first == UInt8(ascii: ">") { talk.person(line.dropFirst()) } else { talk.agent(line) }
    }
    talk.end()
    return 0
}

/// However the bytes arrive, they are the same lines, and none is longer than the limit.
enum FramingLaws {
    private static let limit = 64

    static func check(_ bytes: [UInt8]) {
        var whole = LineFraming(limit: limit)
        let expected = whole.append(bytes) + whole.finish()
        var parts = LineFraming(limit: limit)
        var pieces: [LineFraming.Piece] = []
        var rest = bytes[...]
        while let size = rest.first {
            pieces += parts.append(rest.prefix(Int(size) % 7 + 1))
            rest = rest.dropFirst(Int(size) % 7 + 1)
        }
        precondition(pieces + parts.finish() == expected, "the lines depend on how they arrive")
        for case .line(let line) in expected {
            precondition(!line.isEmpty && line.count <= limit && !line.contains(UInt8(ascii: "\n")))
        }
        for case .dropped(let bytes) in expected { precondition(bytes > limit) }
    }
}

/// A conversation with an agent that writes anything, and what holds all the while.
struct Talk {
    private var conversation: Conversation
    private let row: AgentRow
    private var dialect: (any AgentDialect)?
    private var alarms: Set<String> = []
    private var cards: Set<String> = []
    private var now = Int64(0)
    private var count = 0
    private var isOver = false
    /// What is done after all that an event led to, as it is in the program.
    private var todo: [ConversationAction] = []
    private var isBusy = false

    init(_ agent: String) {
        guard let row = AgentTable.row(agent) else { preconditionFailure("no agent \(agent)") }
        self.row = row
        var opening = AgentOpening(directory: "/work")
        opening.mode = row.modes.last
        conversation = Conversation(row, opening: opening, givenBefore: ["m3"])
        happens(.begin)
    }

    mutating func agent(_ line: ArraySlice<UInt8>) {
        // What is no JSON never reaches the dialect.
        guard let value = try? JSONValue(parsing: Array(line)) else { return }
        precondition((try? JSONValue(parsing: JSON.encode(value))) != nil, "what was read cannot be written")
        if let steps = dialect?.received(value) { perform(steps) }
    }

    /// A letter says what is done, the rest with what.
    mutating func person(_ line: ArraySlice<UInt8>) {
        let words = String(decoding: line.dropFirst(), as: UTF8.self)
        count += 1
        let card = conversation.requests.pending.first?.card ?? words
        switch line.first {
        case UInt8(ascii: "p"): happens(.message(PersonMessage(key: "m\(count)", text: words)))
        case UInt8(ascii: "s"): happens(.message(PersonMessage(key: "m\(count)", text: words, steers: true)))
        case UInt8(ascii: "y"): happens(.decision(card: card, Decision(PermissionAnswer(.approved))))
        case UInt8(ascii: "n"): happens(.decision(card: card, Decision(PermissionAnswer(.denied))))
        case UInt8(ascii: "b"): happens(.decision(card: card, Decision(PermissionAnswer(.abort))))
        case UInt8(ascii: "f"):
            let answer = PermissionAnswer(.approvedForSession, answers: ["0": [words]])
            happens(.decision(card: card, Decision(answer)))
        case UInt8(ascii: "a"): happens(.abort)
        case UInt8(ascii: "m"): happens(.configure([.mode(row.modes[count % row.modes.count])], reply: count))
        case UInt8(ascii: "o"): happens(.configure([.model(words), .effort(words)], reply: count))
        case UInt8(ascii: "c"): happens(.cancelMessage(key: "m\(count - 1)", reply: count))
        case UInt8(ascii: "j"): happens(.steerMessage(key: "m\(count - 1)", reply: count))
        case UInt8(ascii: "t"): passTime()
        case UInt8(ascii: "x"): die()
        default: break
        }
    }

    /// Whatever was open is closed and answered when the session is over.
    mutating func end() {
        happens(.end(reason: "over"))
        die()
        precondition(cards.isEmpty, "cards left open: \(cards)")
        precondition(conversation.requests.pending.isEmpty && !conversation.isThinking)
        precondition(conversation.requests.completed.count <= RequestBook.completedLimit)
    }

    private mutating func passTime() {
        now += 60_000
        happens(.woke)
        let ringing = alarms.sorted()
        alarms = []
        for alarm in ringing { if let steps = dialect?.alarmRang(alarm) { perform(steps) } }
    }

    private mutating func die() {
        guard dialect != nil else { return }
        dialect = nil
        alarms = []
        happens(.agent(.exited(AgentExit(status: "by SIGKILL"))))
    }

    private mutating func happens(_ event: ConversationEvent) {
        now += 1
        for action in conversation.handle(event, at: Moment(wall: now, uptime: now)) { judge(action) }
        for request in conversation.requests.pending {
            precondition(isOver || cards.contains(request.card), "a request without a card: \(request.card)")
        }
        guard !isBusy else { return }
        isBusy = true
        while !todo.isEmpty { carryOut(todo.removeFirst()) }
        isBusy = false
    }

    private mutating func judge(_ action: ConversationAction) {
        switch action {
        case .say(.toolOpened(let call)): cards.insert(call.id)
        case .say(.toolClosed(let result, _)):
            precondition(cards.remove(result.id) != nil, "a result without a card: \(result.id)")
        case .startAgent, .command, .killAgent: todo.append(action)
        case .finish: isOver = true
        default: break
        }
    }

    private mutating func carryOut(_ action: ConversationAction) {
        switch action {
        case .startAgent(let opening):
            precondition(dialect == nil, "two agents at once")
            var begun = row.dialect(opening)
            let steps = begun.open()
            dialect = begun
            perform(steps)
        case .command(let command): if let steps = dialect?.command(command) { perform(steps) }
        case .killAgent: die()
        default: break
        }
    }

    private mutating func perform(_ steps: [AgentStep]) {
        for step in steps {
            switch step {
            case .send(let line): precondition((try? JSON.encode(line)) != nil, "a line cannot be written")
            case .event(let event): happens(.agent(event))
            case .alarm(let name, _): alarms.insert(name)
            case .cancelAlarm(let name): alarms.remove(name)
            case .giveUp: die()
            }
        }
    }
}
