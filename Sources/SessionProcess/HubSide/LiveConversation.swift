import HubProtocol
import Logging
import Processes

/// Runs a ``Conversation``: passes it one event at a time and performs its actions. The hub connection,
/// attached shells and the agent meet only here.
package actor LiveConversation {
    private var conversation: Conversation
    private let row: AgentRow
    private let launch: @Sendable (AgentOpening) -> AgentConnection.Program
    private let news: HubNews
    private let record: ConversationRecord?
    private let logger: Logger
    private var shape: MessageShape
    private var connection: AgentConnection?
    private let openings: AsyncStream<AgentOpening>
    private let opened: AsyncStream<AgentOpening>.Continuation
    private let finishing = OneShot<String>()
    private let firstExit = OneShot<AgentExit>()
    private var replies: [ReplyTicket: OneShot<Reply>] = [:]
    private var lastTicket = 0
    private var wake: Task<Void, Never>?
    private var wakeAt: Int64?
    private var watchers = Watchers()
    private var isUrgent = false
    private var closesNext = false
    /// What the conversation wants done with the terminal.
    package nonisolated let terminal = TerminalOrders()
    /// Set when the message about to be given to the agent is stored.
    private var giving: OneShot<Void>?

    init(
        _ conversation: Conversation, _ shape: MessageShape, news: HubNews, record: ConversationRecord?,
        logger: Logger, launch: @escaping @Sendable (AgentOpening) -> AgentConnection.Program
    ) {
        self.conversation = conversation
        self.shape = shape
        self.news = news
        self.record = record
        self.logger = logger
        self.launch = launch
        row = conversation.row
        (openings, opened) = AsyncStream.makeStream()
    }

    /// Runs until the session ends, and returns why it ended. The agent has exited by then.
    package func run() async -> String {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for await opening in self.openings { await self.runAgent(opening) } }
            if let record { group.addTask { await record.run() } }
            happen(.begin)
            let reason = await finishing.wait() ?? "The session was cancelled"
            connection?.close(within: isUrgent ? .zero : row.grace)
            opened.finish()
            record?.finish()
            await group.waitForAll()
            wake?.cancel()
            watchers.finish()
            return reason
        }
    }

    /// Ends the session. An urgent end gives the agent no time to exit by itself.
    package func end(_ reason: String, isUrgent: Bool) {
        self.isUrgent = isUrgent
        happen(.end(reason: reason))
    }

    /// Handles an event. When this returns, its actions have been performed or queued.
    package func happen(_ event: ConversationEvent) {
        let now = Moment.now
        for action in conversation.handle(event, at: now) { perform(action, now) }
        setAlarm()
    }

    /// Handles an event that is answered, and waits for the reply.
    package func ask(_ event: @Sendable (ReplyTicket) -> ConversationEvent) async -> Reply {
        lastTicket += 1
        let ticket = lastTicket
        let reply = OneShot<Reply>()
        replies[ticket] = reply
        happen(event(ticket))
        return await reply.wait() ?? .failed("the session ended")
    }

    /// What was said so far, and updates from now on.
    package func attach() -> (past: [Watched], updates: AsyncStream<Watched>) { watchers.add(conversation) }

    // MARK: Actions

    private func perform(_ action: ConversationAction, _ now: Moment) {
        switch action {
        case .say(let utterance):
            say(utterance, now)
            watchers.tell(.said(utterance, at: now.wall), bytes: utterance.footprint)
        case .consumed(let keys, let clearsThinking, let steered):
            news.put(.consumed(keys, clearsThinking: clearsThinking, steered: steered))
        case .publishRequests:
            news.publish(conversation.requests)
            watchers.tell(.requests(conversation.requests.pending))
        case .publishStatus:
            news.publish(conversation.status)
            watchers.tell(.status(isThinking: conversation.isThinking, mode: conversation.mode))
        case .title(let title, let isAgents):
            if isAgents {
                news.change(metadata: "summary", to: Self.summary(title, now))
            } else {
                news.propose(title: title)
            }
        case .nativeID(let id):
            shape.nativeID = id
            news.change(metadata: row.nativeIDKey, to: id.map(JSONValue.string) ?? .null)
        case .offer(let offer): news.offer(offer)
        case .startAgent(let opening): opened.yield(opening)
        case .command(let command): send(command)
        case .closeAgent:
            if let connection { connection.close(within: row.grace) } else { closesNext = true }
        case .enterTerminal(let opening): terminal.put(.enter(opening))
        case .leaveTerminal: terminal.put(.leave)
        case .killAgent: connection?.kill()
        case .reply(let ticket, let reply): replies.removeValue(forKey: ticket)?.set(reply)
        case .record(let fact): put(on: record, fact, now)
        case .finish(let reason): finishing.set(reason)
        }
    }

    private func put(on record: ConversationRecord?, _ fact: ConversationFact, _ now: Moment) {
        let isDone = record?.write(fact, at: now.wall)
        if case .given = fact { giving = isDone }
    }

    /// The message is stored before the agent gets it, so that a later process of the session does not give
    /// it again.
    private func send(_ command: AgentCommand) {
        switch command {
        case .prompt, .steer:
            connection?.send(command, after: giving)
            giving = nil
        case .answer, .interrupt, .set: connection?.send(command)
        }
    }

    static func summary(_ title: String, _ now: Moment) -> JSONValue {
        ["text": .string(title), "updatedAt": .integer(now.wall)]
    }

    private func say(_ utterance: Utterance, _ now: Moment) {
        guard let message = shape.message(utterance, at: now.wall) else { return }
        var snapshot: String?
        var isDroppable = false
        switch utterance {
        case .passage(let passage, let isFinal):
            snapshot = row.family == .codex ? "\(passage.kind) \(passage.id)" : nil
            isDroppable = !isFinal
        case .usage:
            snapshot = "usage"
            isDroppable = true
        default: break
        }
        news.put(
            .message(message), snapshot: snapshot, isDroppable: isDroppable, bytes: message.footprint)
    }

    // MARK: The agent

    private func runAgent(_ opening: AgentOpening) async {
        let connection = AgentConnection(
            launch(opening), row.dialect(opening), logger: logger
        ) { event in
            if case .exited(let exit) = event, exit.code != nil || exit.status == nil {
                self.firstExit.set(exit)
            }
            await self.happen(.agent(event))
        }
        self.connection = connection
        // The session may have ended before the agent was started.
        if finishing.value != nil || closesNext { connection.close(within: .zero) }
        closesNext = false
        await connection.run()
        self.connection = nil
    }

    /// How the first agent exited, if it did so by itself within `moment`. An agent that cannot work usually
    /// exits at once.
    nonisolated func agentEnded(within moment: Duration) async -> AgentExit? {
        await firstExit.wait(for: moment)
    }

    // MARK: Time

    private func setAlarm() {
        guard conversation.nextWake != wakeAt else { return }
        wake?.cancel()
        wakeAt = conversation.nextWake
        guard let wakeAt else { return }
        wake = Task {
            let pause = Duration.milliseconds(max(0, wakeAt - Moment.now.uptime))
            // Cancelled when the alarm is set to another time.
            guard (try? await Task.sleep(for: pause)) != nil else { return }
            self.rang()
        }
    }

    private func rang() {
        wakeAt = nil
        happen(.woke)
    }
}

extension Conversation {
    /// As sent with a keep-alive.
    var status: HubNews.Status {
        HubNews.Status(
            isThinking: isThinking, permissionMode: mode, model: model, effort: effort,
            mode: isInTerminal ? "local" : "remote")
    }
}

extension Moment {
    private static let start = ContinuousClock.now

    package static var now: Moment {
        let passed = (ContinuousClock.now - start).components
        return Moment(
            wall: Timestamp.now.milliseconds,
            uptime: passed.seconds * 1000 + passed.attoseconds / 1_000_000_000_000_000)
    }
}

extension Utterance {
    /// The approximate size in memory, of the parts that can be large.
    fileprivate var footprint: Int {
        switch self {
        case .passage(let passage, _): 128 + passage.text.utf8.count
        case .toolOpened(let call): 256 + call.input.footprint
        case .toolClosed(let result, _):
            256 + result.output.footprint + (result.structured?.footprint ?? 0)
        case .person(let text): 64 + text.utf8.count
        default: 256
        }
    }
}

extension JSONValue {
    /// The approximate size in memory, good enough to bound a queue.
    var footprint: Int {
        switch self {
        case .string(let text): 16 + text.utf8.count
        case .array(let values): values.reduce(32) { $0 + $1.footprint }
        case .object(let members): members.reduce(64) { $0 + 32 + $1.key.utf8.count + $1.value.footprint }
        default: 16
        }
    }
}
