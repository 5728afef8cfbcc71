/// The options of `spawn-happy-session` and of `/spawn-session` (hub contract §6.1).
public struct SpawnParameters: Codable, Equatable, Sendable {
    public var directory: String
    public var agent: String?
    public var model: String?
    public var effort: String?
    public var modelReasoningEffort: String?
    public var serviceTier: String?
    public var collaborationMode: String?
    public var copilotAgentMode: String?
    public var permissionMode: String?
    public var yolo: Bool?
    public var sessionType: String?
    public var worktreeName: String?
    /// The agent's own id of the conversation to go on with.
    public var resumeSessionId: String?
    /// The HAPI session to be carried on; `sessionId` is its other name.
    public var existingSessionId: String?
    public var sessionId: String?
    public var startingMode: String?
    public var forkSession: Bool?
    public var approvedNewDirectoryCreation: Bool?
    public var token: String?

    public init(directory: String) { self.directory = directory }
}
