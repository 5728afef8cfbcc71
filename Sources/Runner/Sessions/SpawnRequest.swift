import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

/// A wish for a session, through whichever door it came.
package struct SpawnRequest: Sendable {
    /// A repeated request with the same id gets the first one's answer.
    package let id: String
    package let source: RequestSource
    package let parameters: SpawnParameters
    /// Every deadline of its answer is counted from here.
    let arrival = ContinuousClock.now

    package init(id: String?, source: RequestSource, parameters: SpawnParameters) {
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
        if !isAbsolute(directory) {
            return "cannot use \(directory) as a directory: an absolute path is needed"
        }
        let ids = [resumeSessionId, existingSessionId, sessionId].compactMap { $0 }
        if ids.contains(where: { $0.utf8.count > ControlMessages.longestID }) {
            return "a session's id is longer than \(ControlMessages.longestID) bytes"
        }
        if let reason = name.flatMap(SessionName.refusal) { return reason }
        if agent == "gemini" { return Agent.geminiRefusal }
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
            token, name,
        ]
        return texts.contains { $0?.utf8.contains(0) == true }
    }
}

/// A spawn that did not lead to a reported session, as the hub wants to know it.
package struct SpawnFailure: Sendable {
    package let message: String
    package let exit: ExitReason?
    package let pid: Int32?
}
