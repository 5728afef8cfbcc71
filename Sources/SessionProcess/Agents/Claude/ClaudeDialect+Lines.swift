import HubProtocol

extension ClaudeDialect {
    mutating func received(_ line: JSONValue) -> [AgentStep] {
        switch line["type"]?.string {
        case "control_response": answered(line["response"] ?? .null)
        case "control_request": requested(line)
        case "control_cancel_request": withdrawn(line["request_id"]?.string ?? "")
        case "command_lifecycle": lifecycle(line)
        case "system": system(line)
        case "assistant": assistant(line)
        case "user": user(line)
        case "result": result(line)
        case "conversation_reset": [.event(.noticed(.cleared))]
        case "rate_limit_event": limited(line["rate_limit_info"] ?? .null)
        // Keep-alives, progress, and types that later versions add.
        default: []
        }
    }

    // MARK: Control

    private mutating func answered(_ response: JSONValue) -> [AgentStep] {
        guard let id = response["request_id"]?.string, let asked = asked.removeValue(forKey: id) else {
            return []
        }
        let error =
            response["subtype"]?.string == "error" ? response["error"]?.string ?? "no reason given" : nil
        switch asked {
        case .interrupt: return []
        case .initialize: return initialized(response["response"] ?? .null) + becomeReady()
        case .setting(let setting):
            if let error { return [.event(.settingRefused(setting, reason: error))] }
            if case .mode(let mode) = setting { self.mode = mode }
            return [.event(.settingChanged(setting))]
        }
    }

    private func initialized(_ answer: JSONValue) -> [AgentStep] {
        var steps: [AgentStep] = []
        if case .array(let commands)? = answer["commands"] {
            let known = commands.compactMap { command in
                command["name"]?.string.map {
                    SlashCommand(
                        name: $0, description: command["description"]?.string,
                        source: command["builtin"]?.bool == false ? "user" : "builtin")
                }
            }
            steps.append(.event(.commandsAvailable(known)))
        }
        if case .array(let models)? = answer["models"] {
            let known = models.compactMap { model in
                model["value"]?.string.map { AgentOption(id: $0, name: model["displayName"]?.string) }
            }
            steps.append(.event(.modelsAvailable(known)))
        }
        return steps
    }

    private mutating func requested(_ line: JSONValue) -> [AgentStep] {
        guard let id = line["request_id"]?.string, let request = line["request"] else { return [] }
        guard request["subtype"]?.string == "can_use_tool", let name = request["tool_name"]?.string else {
            // Every request must be answered, or Claude waits forever.
            return [Self.refuse(id, "not supported by hapi")]
        }
        guard inputs.count < Self.openRequests else {
            return [Self.reply(id, ["behavior": "deny", "message": "Too many requests are open"])]
        }
        let input = request["input"] ?? .object([:])
        inputs[id] = input
        let kind: PermissionRequest.Kind =
            switch name {
            case "AskUserQuestion": .question
            case "ExitPlanMode": .plan
            default: .tool
            }
        if kind == .plan { plans.insert(id) }
        let tool = ToolCall(
            id: request["tool_use_id"]?.string ?? id, name: name, input: input,
            description: request["description"]?.string)
        return [.event(.permissionRequested(PermissionRequest(id: id, kind: kind, tool: tool)))]
    }

    private mutating func withdrawn(_ id: String) -> [AgentStep] {
        inputs[id] = nil
        plans.remove(id)
        return [.event(.permissionWithdrawn(id: id))]
    }

    // MARK: Prompts

    private mutating func lifecycle(_ line: JSONValue) -> [AgentStep] {
        guard let id = line["command_uuid"]?.string, let index = unbegun.firstIndex(of: id) else { return [] }
        switch line["state"]?.string {
        case "started":
            unbegun.remove(at: index)
            isWorking = true
            return [.event(.promptStarted(id: id))]
        case "cancelled":
            // Dropped before it began: reported as begun, and as an interrupted turn unless another turn is
            // running.
            unbegun.remove(at: index)
            return isWorking
                ? [.event(.promptStarted(id: id))]
                : [.event(.promptStarted(id: id)), .event(.turnEnded(TurnEnd(.interrupted)))]
        default: return []
        }
    }

    /// Versions without `command_lifecycle` also begin a turn with `init`.
    private mutating func beganTurn() -> [AgentStep] {
        guard !isWorking else { return [] }
        isWorking = true
        guard !unbegun.isEmpty else { return [.event(.turnBegan)] }
        return [.event(.promptStarted(id: unbegun.removeFirst()))]
    }

    // MARK: System lines

    private mutating func system(_ line: JSONValue) -> [AgentStep] {
        switch line["subtype"]?.string {
        case "init":
            model = line["model"]?.string ?? model
            let begun = beganTurn()
            let id = line["session_id"]?.string.map { [AgentStep.event(.identified(nativeID: $0))] } ?? []
            let skills = line["skills"]?.array.map {
                [AgentStep.event(.skillsAvailable($0.compactMap(\.string)))]
            }
            return id + begun + (skills ?? []) + adopt(line["permissionMode"]?.string)
        case "task_notification": return taskEnded(line)
        case "status":
            let compacting = line["status"]?.string == "compacting"
            return adopt(line["permissionMode"]?.string)
                + (compacting ? [.event(.noticed(.message("Compacting the conversation")))] : [])
        case "compact_boundary":
            let metadata = line["compact_metadata"]
            return [
                .event(
                    .noticed(
                        .compacted(
                            trigger: metadata?["trigger"]?.string ?? "auto",
                            tokensBefore: metadata?["pre_tokens"]?.integer ?? 0)))
            ]
        case "api_retry":
            let reason =
                line["error"]?.string ?? line["error_status"]?.integer.map { "status \($0)" } ?? "an error"
            return [
                .event(
                    .noticed(
                        .retrying(
                            attempt: line["attempt"]?.integer ?? 1, of: line["max_retries"]?.integer ?? 1,
                            reason: reason)))
            ]
        case "session_title_changed":
            return line["title"]?.string.map { [.event(.titled($0))] } ?? []
        default: return []
        }
    }

    /// Subagents are tasks too, but their work is shown on their cards.
    private mutating func taskEnded(_ line: JSONValue) -> [AgentStep] {
        guard let id = line["task_id"]?.string, background.remove(id) != nil else { return [] }
        let summary = line["summary"]?.words ?? "The command in the background has ended"
        return [.event(.backgroundEnded(id: id, summary: summary.firstPart(of: 400)))]
    }

    private mutating func adopt(_ mode: String?) -> [AgentStep] {
        guard let mode, mode != Self.modeForAgent(self.mode) else { return [] }
        self.mode = mode
        return [.event(.settingChanged(.mode(mode)))]
    }

    /// The web app displays exactly this text as a notice.
    private func limited(_ info: JSONValue) -> [AgentStep] {
        guard let status = info["status"]?.string, status != "allowed" else { return [] }
        let resets = info["resetsAt"]?.integer ?? 0
        let type = info["rateLimitType"]?.string ?? "unknown"
        // A fraction of 1, or a percentage.
        let used = info["utilization"]?.double ?? 1
        let percent = Int(min(max(0, used <= 1 ? used * 100 : used), 1000))
        let words =
            status == "rejected"
            ? "Claude AI usage limit reached|\(resets)|\(type)"
            : "Claude AI usage limit warning|\(resets)|\(percent)|\(type)"
        return [.event(.said(Passage(id: "limit-\(resets)", text: words)))]
    }
}
