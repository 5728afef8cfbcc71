import HubProtocol

/// An open permission request of an ACP agent.
struct ACPPermission: Equatable, Sendable {
    struct Option: Equatable, Sendable {
        var id: String
        var kind: String
    }

    let rpc: JSONRPC.ID
    let card: String
    let options: [Option]

    init(rpc: JSONRPC.ID, card: String, _ params: JSONValue) {
        self.rpc = rpc
        self.card = card
        options = (params["options"]?.array ?? []).compactMap { option in
            option["optionId"]?.string.map { Option(id: $0, kind: option["kind"]?.string ?? "") }
        }
    }

    /// The option for a decision; nil for `cancelled` (session contract §5.3). If there are several permanent
    /// approvals, the first is taken, because the others may write to the user's configuration.
    func option(for answer: PermissionAnswer) -> String? {
        if let mode = answer.mode, answer.decision == .approved || answer.decision == .approvedForSession,
            let option = options.first(where: { $0.id == mode })
        {
            return option.id
        }
        return switch answer.decision {
        case .approved: first("allow_once", "allow_always") ?? options.first?.id
        case .approvedForSession: first("allow_always", "allow_once") ?? options.first?.id
        case .denied: first("reject_once", "reject_always")
        case .abort: nil
        }
    }

    private func first(_ kinds: String...) -> String? {
        for kind in kinds {
            if let option = options.first(where: { $0.kind == kind }) { return option.id }
        }
        return nil
    }

    func response(_ option: String?) -> JSONRPC.Message {
        let outcome: [String: JSONValue] =
            option.map { ["outcome": .string("selected"), "optionId": .string($0)] }
            ?? ["outcome": .string("cancelled")]
        return .success(rpc, .object(["outcome": .object(outcome)]))
    }
}
