import HubProtocol

/// Something that happens to a conversation.
package enum ConversationEvent: Equatable, Sendable {
    /// The session has begun. The agent is started at once, so that it is ready for the first message.
    case begin
    case message(PersonMessage)
    /// Takes a queued message back; `reply` says whether it was still queued.
    case cancelMessage(key: String, reply: ReplyTicket)
    case steerMessage(key: String, reply: ReplyTicket)
    /// A person's decision on a request, by its card's id.
    case decision(card: String, Decision)
    case abort
    case configure([AgentSetting], reply: ReplyTicket)
    case agent(AgentEvent)
    /// Someone elsewhere wants to continue the conversation that is in the terminal.
    case takeOver
    /// The agent's own program has ended, as requested by ``ConversationAction/leaveTerminal``.
    case leftTerminal
    /// The terminal wants the conversation back.
    case takeBack
    case end(reason: String)
    /// The time of ``Conversation/nextWake`` has come.
    case woke
}

/// Identifies the request that a ``ConversationAction/reply(_:_:)`` answers.
package typealias ReplyTicket = Int

/// A point in time: by the wall clock, for people, and by a monotonic clock.
package struct Moment: Equatable, Sendable {
    /// In milliseconds since 1970.
    package var wall: Int64
    /// In milliseconds.
    package var uptime: Int64

    package init(wall: Int64, uptime: Int64) {
        self.wall = wall
        self.uptime = uptime
    }
}

/// A message from a person, from the hub or from this machine.
package struct PersonMessage: Equatable, Sendable {
    package enum Origin: Equatable, Sendable {
        case hub
        /// From an attached shell or `hapi send`. The hub does not have the message yet.
        case here
    }

    /// The hub's `localId`, or another unique id.
    package var key: String
    package var text: String
    package var attachments: [Attachment]
    package var origin: Origin
    /// Whether to add it to the running turn.
    package var steers: Bool
    /// False for a hub message without a `localId`, which is not acknowledged.
    package var isAcknowledged: Bool

    /// Whether the hub repeats it until it is acknowledged.
    var isSentAgain: Bool { origin == .hub && isAcknowledged }

    package init(
        key: String, text: String, attachments: [Attachment] = [], origin: Origin = .hub,
        steers: Bool = false, isAcknowledged: Bool = true
    ) {
        self.key = key
        self.text = text
        self.attachments = attachments
        self.origin = origin
        self.steers = steers
        self.isAcknowledged = isAcknowledged
    }
}
