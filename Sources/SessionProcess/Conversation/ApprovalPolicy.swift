import HubProtocol

/// The decisions that permission modes make without a person (hub contract §7.7).
enum ApprovalPolicy {
    /// nil if a person must decide.
    static func decision(mode: String, _ request: PermissionRequest) -> PermissionAnswer.Decision? {
        guard request.kind == .tool else { return nil }
        let name = request.tool.name.lowercased()
        switch mode {
        case "bypassPermissions": return .approved
        case "acceptEdits": return edits.contains(request.tool.name) ? .approved : nil
        case "yolo", "always-proceed": return .approvedForSession
        case "safe-yolo": return .approved
        case "read-only": return changing.contains { name.contains($0) } ? nil : .approved
        default: return nil
        }
    }

    private static let edits: Set = ["Edit", "MultiEdit", "Write", "NotebookEdit"]
    /// Parts of names of tools that write. A shell counts as one, because it can do anything.
    private static let changing = [
        "write", "edit", "create", "delete", "patch", "bash", "shell", "exec", "ping_peer", "inspect_peer",
    ]
}
