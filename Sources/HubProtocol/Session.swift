/// The metadata of a session at the hub (hub contract §7.2).
package struct SessionMetadata: Codable, Equatable, Sendable {
    package var path: String
    package var host: String
    package var version: String?
    package var os: String?
    package var machineId: String?
    package var homeDir: String?
    package var happyHomeDir: String?
    package var happyLibDir: String?
    package var startedFromRunner: Bool?
    /// The pid of the session process.
    package var hostPid: Int32?
    package var startedBy: String?
    package var lifecycleState: String?
    /// In milliseconds since 1970.
    package var lifecycleStateSince: Int64?
    package var flavor: String?
    package var startingMode: String?
    package var worktree: Worktree?

    /// The git worktree of a session.
    package struct Worktree: Codable, Equatable, Sendable {
        /// The repository it belongs to.
        package var basePath: String
        package var branch: String
        package var name: String
        package var worktreePath: String?
        /// In milliseconds since 1970.
        package var createdAt: Int64?

        package init(
            basePath: String, branch: String, name: String, worktreePath: String?, createdAt: Int64? = nil
        ) {
            self.basePath = basePath
            self.branch = branch
            self.name = name
            self.worktreePath = worktreePath
            self.createdAt = createdAt
        }
    }

    package init(path: String, host: String) {
        self.path = path
        self.host = host
    }
}

/// The body of `POST /cli/sessions`.
package struct SessionRegistration: Encodable, Sendable {
    /// Chosen by the session, so that it has an id before the hub is reachable.
    package var id: String
    package var tag: String
    package var metadata: SessionMetadata
    package var agentState: JSONValue
    package var model: String?
    package var modelReasoningEffort: String?
    package var effort: String?

    package init(id: String, tag: String, metadata: SessionMetadata, agentState: JSONValue) {
        self.id = id
        self.tag = tag
        self.metadata = metadata
        self.agentState = agentState
    }
}

/// A session at the hub; fields that are not ours are kept uninterpreted.
package struct Session: Decodable, Sendable {
    package var id: String
    package var metadata: JSONValue?
    package var metadataVersion: Int
    package var agentState: JSONValue?
    package var agentStateVersion: Int
}

/// The answer to `POST /cli/sessions` and `GET /cli/sessions/:id`.
package struct SessionAnswer: Decodable, Sendable {
    package var session: Session
}

/// `session-alive`.
package struct SessionAlive: Encodable, Sendable {
    package var sid: String
    package var time: Int64
    package var thinking: Bool
    package var mode: String?
    /// The current settings; nil to leave the hub's values unchanged.
    package var settings: Settings?

    package struct Settings: Equatable, Sendable {
        package var permissionMode: String?
        /// nil is sent explicitly: the agent's default.
        package var model: String?
        package var effort: String?

        package init(permissionMode: String?, model: String?, effort: String?) {
            self.permissionMode = permissionMode
            self.model = model
            self.effort = effort
        }
    }

    private enum Key: String, CodingKey { case sid, time, thinking, mode, permissionMode, model, effort }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(sid, forKey: .sid)
        try container.encode(time, forKey: .time)
        try container.encode(thinking, forKey: .thinking)
        try container.encodeIfPresent(mode, forKey: .mode)
        guard let settings else { return }
        try container.encodeIfPresent(settings.permissionMode, forKey: .permissionMode)
        try container.encode(settings.model, forKey: .model)
        try container.encode(settings.effort, forKey: .effort)
    }

    package init(sid: String, time: Int64, thinking: Bool, mode: String?) {
        self.sid = sid
        self.time = time
        self.thinking = thinking
        self.mode = mode
    }
}

/// `session-end`.
package struct SessionEnd: Encodable, Sendable {
    package var sid: String
    package var time: Int64
    /// `completed`, `terminated` or `error`.
    package var reason: String

    package init(sid: String, time: Int64, reason: String) {
        self.sid = sid
        self.time = time
        self.reason = reason
    }
}

/// `update-metadata`. Replaces the session's whole metadata.
package struct SessionMetadataUpdate: Encodable, Sendable {
    package var sid: String
    package var expectedVersion: Int
    package var metadata: JSONValue

    package init(sid: String, expectedVersion: Int, metadata: JSONValue) {
        self.sid = sid
        self.expectedVersion = expectedVersion
        self.metadata = metadata
    }
}
