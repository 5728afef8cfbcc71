import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import RunnerStore

/// A request for a session, from any source.
package struct SpawnRequest: Sendable {
    /// Repeated requests with the same id get the first one's answer.
    package let id: String
    package let source: RequestSource
    package let parameters: SpawnParameters
    /// The deadlines of its answer count from here.
    let arrival = ContinuousClock.now

    package init(id: String?, source: RequestSource, parameters: SpawnParameters) {
        self.id = id.flatMap { $0.isEmpty ? nil : $0 } ?? newID()
        self.source = source
        self.parameters = parameters
    }

    /// The agent to run. An unknown one becomes `claude`, HAPI's default (hub contract §6.2).
    var agent: Agent { parameters.agent.flatMap(Agent.init) ?? .claude }

    /// The HAPI session to resume, if any.
    var requestedSessionID: String? {
        [parameters.existingSessionId, parameters.sessionId].compactMap { $0 }.first { !$0.isEmpty }
    }
}

extension SpawnParameters {
    /// Why these parameters are invalid on any machine; nil if they are valid.
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
        do {
            _ = try SessionLimits(self)
        } catch {
            return error.description
        }
        let words =
            [model, effort, modelReasoningEffort, serviceTier, collaborationMode, copilotAgentMode]
            + [resumeSessionId, existingSessionId, sessionId, startingMode, worktreeName]
        // An agent would interpret it as a flag.
        let flag = words.compactMap { $0 }.first { $0.hasPrefix("-") }
        return flag.map { "the value \($0.prefix(60)) looks like a flag" }
    }

    /// Whether any value contains a NUL. It would end the value early in the launch spec, and its rest would
    /// become a separate argument or variable.
    var holdsNUL: Bool {
        let texts = [
            directory, agent, model, effort, modelReasoningEffort, serviceTier, collaborationMode,
            copilotAgentMode,
            permissionMode, sessionType, worktreeName, resumeSessionId, existingSessionId, sessionId,
            startingMode,
            token, name, memory, timeout,
        ]
        return texts.contains { $0?.utf8.contains(0) == true }
    }
}

/// A spawn that did not lead to a reported session, in the form that the hub shows.
package struct SpawnFailure: Sendable {
    package let message: String
    package let exit: ExitReason?
    package let pid: Int32?
}
