/// Names of the events on the `/cli` namespace (hub contract §4.2, §4.3).
package enum HubEvent {
    package static let rpcRegister = "rpc-register"
    package static let rpcRequest = "rpc-request"
    package static let machineAlive = "machine-alive"
    package static let machineUpdateState = "machine-update-state"
    package static let machineUpdateMetadata = "machine-update-metadata"
    package static let sessionAlive = "session-alive"
    package static let sessionEnd = "session-end"
    package static let updateMetadata = "update-metadata"
    package static let ping = "ping"
}

/// `rpc-register`. The full name of a method is its owner's id, a colon, and its name.
package struct RPCRegistration: Encodable, Sendable {
    package var method: String

    package init(method: String) { self.method = method }
}

/// `rpc-request`. The parameters are JSON text inside the JSON.
package struct RPCRequest: Decodable, Sendable {
    package var method: String
    package var params: String

    /// The method's name without its owner's id.
    package var name: String { String(method.split(separator: ":").last ?? "") }
}

/// The machine-scoped methods that a runner answers (hub contract §5).
package enum MachineMethod: String, CaseIterable, Sendable {
    case spawnSession = "spawn-happy-session"
    case stopSession = "stop-session"
    case stopRunner = "stop-runner"
    case pathExists = "path-exists"
    case listDirectory = "list-directory"
    case cursorChatStoreStatus = "cursor-chat-store-status"
    // Agent discovery: answered, but not offered by this runner.
    case listCodexModels, listCursorModels, listAgyModels, listPiModelsForMachine
    case listOpencodeModelsForCwd, listGrokModelsForCwd, listCopilotModelsForCwd
    case listCodexSessions, listPiSessions, archiveCodexSession
}

/// The auth of a machine's or a session's handshake.
package struct HubAuth: Encodable, Sendable {
    package var token: String
    package var clientType: String
    package var machineId: String?
    package var sessionId: String?

    package static func machine(_ id: String, token: String) -> HubAuth {
        HubAuth(token: token, clientType: "machine-scoped", machineId: id)
    }

    package static func session(_ id: String, token: String) -> HubAuth {
        HubAuth(token: token, clientType: "session-scoped", sessionId: id)
    }
}

/// The answer to a call that failed.
package struct RPCError: Codable, Sendable {
    package var error: String

    package init(error: String) { self.error = error }
}
