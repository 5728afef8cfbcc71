import Glibc
import HubProtocol
import RunnerStore

/// A wish for a session, through whichever door it came.
public struct SpawnRequest: Sendable {
    /// No id is longer, in bytes: each is kept.
    static let longestID = 256

    /// A repeated request with the same id gets the first one's answer.
    public let id: String
    public let source: RequestSource
    public let parameters: SpawnParameters

    public init(id: String?, source: RequestSource, parameters: SpawnParameters) {
        self.id = id.flatMap { $0.isEmpty ? nil : $0 } ?? newID()
        self.source = source
        self.parameters = parameters
    }

    /// The agent to run; one we do not know is HAPI's default, `claude` (hub contract §6.2).
    var agent: Agent { parameters.agent.flatMap(Agent.init) ?? .claude }

    /// The HAPI session to be carried on, if one is.
    var requestedSessionID: String? {
        [parameters.existingSessionId, parameters.sessionId].compactMap { $0 }.first { !$0.isEmpty }
    }
}

extension SpawnParameters {
    /// Why no session can be started from this, whatever the machine is like; nil if one can.
    var refusal: String? {
        if directory.isEmpty { return "Directory is required" }
        if holdsNUL { return "a NUL character cannot be passed on to a session" }
        if directory.utf8.count >= Int(PATH_MAX) {
            return directoryProblem(directory.prefix(60) + "…", ENAMETOOLONG)
        }
        if !directory.hasPrefix("/") {
            return "cannot use \(directory) as a directory: an absolute path is needed"
        }
        let ids = [resumeSessionId, existingSessionId, sessionId].compactMap { $0 }
        if ids.contains(where: { $0.utf8.count > SpawnRequest.longestID }) {
            return "a session's id is longer than \(SpawnRequest.longestID) bytes"
        }
        if agent == "gemini" { return "the agent gemini is no longer offered" }
        let words =
            [model, effort, modelReasoningEffort, serviceTier, collaborationMode, copilotAgentMode]
            + [resumeSessionId, existingSessionId, sessionId, startingMode, worktreeName]
        // An agent would take it for a flag of its own.
        let flag = words.compactMap { $0 }.first { $0.hasPrefix("-") }
        return flag.map { "the value \($0.prefix(60)) looks like a flag" }
    }

    /// A NUL ends a text for the system, and would begin another one in a launch's spec: the rest of
    /// an argument would be read as an argument, or a variable, of its own.
    var holdsNUL: Bool {
        let texts = [
            directory, agent, model, effort, modelReasoningEffort, serviceTier, collaborationMode,
            copilotAgentMode,
            permissionMode, sessionType, worktreeName, resumeSessionId, existingSessionId, sessionId,
            startingMode,
            token,
        ]
        return texts.contains { $0?.utf8.contains(0) == true }
    }
}

/// The one answer to a spawn request.
public enum SpawnAnswer: Equatable, Sendable {
    case started(happySessionID: String)
    /// Its session did not report in time, and lives on.
    case late(String)
    case needsApproval(directory: String)
    case refused(String)
    case failed(String)

    var kind: SpawnOutcomeKind {
        switch self {
        case .started: .started
        case .late: .late
        case .needsApproval: .needsApproval
        case .refused: .refused
        case .failed: .failed
        }
    }

    /// What went wrong, in words; nil if nothing did.
    public var error: String? {
        switch self {
        case .started, .needsApproval: nil
        case .late(let message), .refused(let message), .failed(let message): message
        }
    }
}

/// A spawn that did not lead to a reported session, as the hub wants to know it.
public struct SpawnFailure: Sendable {
    public let message: String
    public let exit: ExitReason?
    public let pid: Int32?
}

public enum StopAnswer: String, Sendable {
    case stopped
    case alreadyGone = "already_gone"
    case stillAlive = "still_alive"
}
