/// The options of `spawn-happy-session` and of `/spawn-session` (hub contract §6.1).
package struct SpawnParameters: Codable, Equatable, Sendable {
    package var directory: String
    package var agent: String?
    package var model: String?
    package var effort: String?
    package var modelReasoningEffort: String?
    package var serviceTier: String?
    package var collaborationMode: String?
    package var copilotAgentMode: String?
    package var permissionMode: String?
    package var yolo: Bool?
    package var sessionType: String?
    package var worktreeName: String?
    /// The agent's own id of the conversation to resume.
    package var resumeSessionId: String?
    /// The HAPI session to resume; `sessionId` is an alternative name.
    package var existingSessionId: String?
    package var sessionId: String?
    package var startingMode: String?
    package var forkSession: Bool?
    package var approvedNewDirectoryCreation: Bool?
    package var token: String?
    /// The session's name. Our own field, which the hub does not send.
    package var name: String?
    /// The session's limits, also our own fields: `8G`, `2`, `4h`.
    package var memory: String?
    package var cpus: Double?
    package var timeout: String?

    package init(directory: String) { self.directory = directory }
}
