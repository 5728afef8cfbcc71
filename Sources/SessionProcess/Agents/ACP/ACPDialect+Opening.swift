import HubProtocol

extension ACPDialect {
    mutating func initialized(_ result: JSONValue) -> [AgentStep] {
        let version = result["protocolVersion"]?.integer ?? 1
        guard version == 1 else {
            return [
                .giveUp(
                    "\(agent) speaks version \(version) of the Agent Client Protocol; only version 1 is known here"
                )
            ]
        }
        let capabilities = result["agentCapabilities"] ?? .null
        canLoad = capabilities["loadSession"]?.bool == true
        canResume = capabilities["sessionCapabilities"]?["resume"]?.object != nil
        takesImages = capabilities["promptCapabilities"]?["image"]?.bool == true
        loginMethods = (result["authMethods"]?.array ?? []).compactMap {
            $0["name"]?.words ?? $0["id"]?.words
        }
        guard let native = opening.nativeID else { return newSession() }
        if canResume { return [request("session/resume", session(native), for: .resumeSession)] }
        if canLoad {
            isReplaying = true
            return [request("session/load", session(native), for: .loadSession)]
        }
        return resumeFailed("\(agent) cannot go on with an earlier conversation")
    }

    private mutating func newSession() -> [AgentStep] {
        isReplaying = false
        return [request("session/new", session(nil), for: .newSession)]
    }

    private func session(_ id: String?) -> JSONValue {
        .object(of: [
            "sessionId": .string(id), "cwd": .string(opening.directory), "mcpServers": .array([]),
        ])
    }

    mutating func resumeFailed(_ reason: String) -> [AgentStep] {
        [.event(.resumeFailed(reason: reason))] + newSession()
    }

    mutating func begin(_ id: String?, _ result: JSONValue) -> [AgentStep] {
        guard let id else { return [.giveUp("\(agent) began a conversation without an id")] }
        sessionID = id
        isReplaying = false
        isReady = true
        options.adopt(result)
        var steps: [AgentStep] = [.cancelAlarm("opening"), .event(.identified(nativeID: id))]
        steps += offers()
        if let mode = opening.mode, mode != hubModes.first { steps += set(.mode(mode)) }
        if let model = opening.model { steps += set(.model(model)) }
        if let effort = opening.effort { steps += set(.effort(effort)) }
        return steps + [.event(.ready)]
    }

    func offers() -> [AgentStep] {
        var steps: [AgentStep] = []
        if let mode = options.mode { steps.append(.event(.modesAvailable(mode.values))) }
        if let model = options.model { steps.append(.event(.modelsAvailable(model.values))) }
        if let effort = options.effort { steps.append(.event(.effortsAvailable(effort.values))) }
        return steps
    }
}
