/// The events of a session's socket (hub contract §4.2, §4.3).
extension HubEvent {
    package static let message = "message"
    package static let messagesConsumed = "messages-consumed"
    package static let updateState = "update-state"
    package static let update = "update"
}

/// `message`: a message of a session.
package struct SessionMessage: Encodable, Sendable {
    package var sid: String
    package var message: JSONValue

    package init(sid: String, message: JSONValue) {
        self.sid = sid
        self.message = message
    }
}

/// `messages-consumed`.
package struct MessagesConsumed: Encodable, Sendable {
    package var sid: String
    package var localIds: [String]
    package var clearQueuedThinkingGrace: Bool?
    package var steered: Bool?

    package init(sid: String, localIds: [String], clearsThinking: Bool, steered: Bool) {
        self.sid = sid
        self.localIds = localIds
        // Never `false` on the wire.
        clearQueuedThinkingGrace = clearsThinking ? true : nil
        self.steered = steered ? true : nil
    }
}

/// `update-state`. Replaces the session's whole agent state.
package struct SessionStateUpdate: Encodable, Sendable {
    package var sid: String
    package var expectedVersion: Int
    package var agentState: JSONValue

    package init(sid: String, expectedVersion: Int, agentState: JSONValue) {
        self.sid = sid
        self.expectedVersion = expectedVersion
        self.agentState = agentState
    }
}

/// `update`: something has changed in the session's room.
package struct SessionUpdate: Decodable, Sendable {
    package struct Body: Decodable, Sendable {
        package var t: String
        package var message: SessionMessageRow?
        package var messageId: String?
        package var localId: String?
        package var metadata: Versioned?
    }

    package struct Versioned: Decodable, Sendable {
        package var version: Int
        package var value: JSONValue?
    }

    package var body: Body
}

/// A message as the hub stores it.
package struct SessionMessageRow: Decodable, Sendable {
    package var id: String?
    package var seq: Int
    package var localId: String?
    package var content: JSONValue
    package var invokedAt: Int64?
}

/// The answer to `GET /cli/sessions/:id/messages`.
package struct SessionMessagesAnswer: Decodable, Sendable {
    package var messages: [SessionMessageRow]
}
