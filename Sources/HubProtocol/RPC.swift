/// Names of the events on the `/cli` namespace (hub contract §4.2, §4.3).
public enum HubEvent {
    public static let rpcRegister = "rpc-register"
    public static let rpcRequest = "rpc-request"
    public static let machineAlive = "machine-alive"
    public static let machineUpdateState = "machine-update-state"
    public static let machineUpdateMetadata = "machine-update-metadata"
    public static let sessionAlive = "session-alive"
    public static let sessionEnd = "session-end"
    public static let updateMetadata = "update-metadata"
    public static let ping = "ping"
}

/// `rpc-register`. The full name of a method is its owner's id, a colon, and its name.
public struct RPCRegistration: Encodable, Sendable {
    public var method: String

    public init(method: String) { self.method = method }
}

/// `rpc-request`: the parameters are JSON text inside JSON.
public struct RPCRequest: Decodable, Sendable {
    public var method: String
    public var params: String

    /// The method's name without its owner's id.
    public var name: String { String(method.split(separator: ":").last ?? "") }
}

/// The machine-scoped methods a runner answers (hub contract §5).
public enum MachineMethod: String, CaseIterable, Sendable {
    case spawnSession = "spawn-happy-session"
    case stopSession = "stop-session"
    case stopRunner = "stop-runner"
    case pathExists = "path-exists"
    case listDirectory = "list-directory"
    case cursorChatStoreStatus = "cursor-chat-store-status"
    // Agent discovery, answered politely.
    case listCodexModels, listCursorModels, listAgyModels, listPiModelsForMachine
    case listOpencodeModelsForCwd, listGrokModelsForCwd, listCopilotModelsForCwd
    case listCodexSessions, listPiSessions, archiveCodexSession
}

/// The handshake's auth of a machine or a session.
public struct HubAuth: Encodable, Sendable {
    public var token: String
    public var clientType: String
    public var machineId: String?
    public var sessionId: String?

    public static func machine(_ id: String, token: String) -> HubAuth {
        HubAuth(token: token, clientType: "machine-scoped", machineId: id)
    }

    public static func session(_ id: String, token: String) -> HubAuth {
        HubAuth(token: token, clientType: "session-scoped", sessionId: id)
    }
}

/// An answer that says no.
public struct RPCError: Codable, Sendable {
    public var error: String

    public init(error: String) { self.error = error }
}
