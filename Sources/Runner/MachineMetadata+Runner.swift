import Home
import HubProtocol
import Logging
import Processes

extension MachineMetadata {
    /// The metadata that the runner registers at the hub.
    init(_ configuration: Configuration, roots: WorkspaceRoots) {
        self.init(configuration)
        workspaceRoots = roots.isEmpty ? nil : roots.advertised
        capabilities = ["cursor-chat-store-status", "stop-runner"]
        startedCliMtimeMs = ProgramFile.current.modifiedAt
        installedCliMtimeMs = ProgramFile.current.modifiedAt
        supervisedRestart = configuration.supervised
    }
}

extension Adoption {
    var metadata: Logger.Metadata {
        [
            "adopted": "\(adopted.count)", "waiting": "\(waiting.count)", "ended": "\(ended.count)",
            "unverifiable": "\(left.count)",
        ]
    }
}
