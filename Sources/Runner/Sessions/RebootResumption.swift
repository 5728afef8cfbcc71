import Home
import HubProtocol
import Processes
import RunnerStore

extension Reading {
    /// The conversations that were active when this machine went down. Must be read before adoption, which
    /// ends them like any other session.
    func conversationsLostToReboot() throws(StoreError) -> [SessionRecord] {
        let here = HostIdentity.current
        return try liveSessions().filter { session in
            session.launch.host.machine == here.machine && session.launch.host.bootID != here.bootID
                && session.origin == .runner && session.stoppedBy == nil && session.nativeID != nil
        }
    }
}

extension SpawnRequest {
    /// A session that resumes the conversation of one that a reboot ended. The request id is unique per
    /// session and boot, so that a runner that is killed here does not resume it twice.
    ///
    /// - Parameter kept: the options of the lost session; its limits apply to the new one too.
    init(resuming session: SessionRecord, as kept: SpawnParameters?) {
        var parameters = SpawnParameters(directory: session.directory)
        parameters.agent = session.agent
        parameters.resumeSessionId = session.nativeID
        parameters.existingSessionId = session.happySessionID
        if let kept { parameters.takeLimits(of: kept) }
        self.init(id: "resume-\(session.id)", source: .cli, parameters: parameters)
    }
}
