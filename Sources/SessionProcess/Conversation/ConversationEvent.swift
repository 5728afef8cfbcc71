import HubProtocol

/// Something that happens to a conversation.
package enum ConversationEvent: Equatable, Sendable {
    /// The session has begun: the agent is started before anybody writes, so that it is there then.
    case begin
    case message(PersonMessage)
    /// Takes a queued message back; `reply` hears whether it was still there.
    case cancelMessage(key: String, reply: ReplyTicket)
    case steerMessage(key: String, reply: ReplyTicket)
    /// A person's answer to a request, by its card's id.
    case decision(card: String, Decision)
    case abort
    case configure([AgentSetting], reply: ReplyTicket)
    case agent(AgentEvent)
    /// Somebody elsewhere wants to go on with what is in the terminal.
    case takeOver
    /// The agent's own program has ended, as ``ConversationAction/leaveTerminal`` asked for.
    case leftTerminal
    /// The terminal wants the conversation back.
    case takeBack
    /// The session is to end.
    case end(reason: String)
    /// The time of ``Conversation/nextWake`` has come.
    case woke
}

/// Whom a ``ConversationAction/reply(_:_:)`` is for.
package typealias ReplyTicket = Int

/// When something happens: by the clock on the wall, for people, and by one that never jumps.
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

/// A message from a person, whichever way it came.
package struct PersonMessage: Equatable, Sendable {
    package enum Origin: Equatable, Sendable {
        case hub
        /// A shell that is attached, or `hapi send`; the hub does not know of the message yet.
        case here
    }

    /// The hub's `localId`, or an id of its own.
    package var key: String
    package var text: String
    package var attachments: [Attachment]
    package var origin: Origin
    /// Whether it is to join the running turn.
    package var steers: Bool
    /// False for one that the hub has no `localId` for: it is not acknowledged.
    package var isAcknowledged: Bool

    /// Whether the hub sends it until it is acknowledged.
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
