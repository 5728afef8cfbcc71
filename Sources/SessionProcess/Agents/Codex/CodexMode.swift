import HubProtocol

/// A permission mode of the hub in Codex's terms: when Codex asks, and what its sandbox allows (session
/// contract §12). In `safe-yolo` Codex asks as in `default`, and ``ApprovalPolicy`` answers.
struct CodexMode: Equatable, Sendable {
    let approvalPolicy: String
    /// The value for a new thread.
    let sandbox: String
    /// The value for a turn.
    let sandboxPolicy: String

    init(_ mode: String) {
        switch mode {
        case "read-only": self.init("never", "read-only", "readOnly")
        case "yolo": self.init("never", "danger-full-access", "dangerFullAccess")
        default: self.init("on-request", "workspace-write", "workspaceWrite")
        }
    }

    private init(_ approvalPolicy: String, _ sandbox: String, _ sandboxPolicy: String) {
        self.approvalPolicy = approvalPolicy
        self.sandbox = sandbox
        self.sandboxPolicy = sandboxPolicy
    }

    var ofThread: [String: JSONValue] {
        ["approvalPolicy": .string(approvalPolicy), "sandbox": .string(sandbox)]
    }

    var ofTurn: [String: JSONValue] {
        [
            "approvalPolicy": .string(approvalPolicy),
            "sandboxPolicy": .object(["type": .string(sandboxPolicy)]),
        ]
    }
}
