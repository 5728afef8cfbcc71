import Home
import HubProtocol
import Processes
import RunnerStore

extension Reading {
    /// The conversations that were under way when this machine went down. To be asked before what is left is
    /// adopted: afterwards they have ended like any other.
    func conversationsLostToReboot() throws(StoreError) -> [SessionRecord] {
        let here = HostIdentity.current
        return try liveSessions().filter { session in
            session.launch.host.machine == here.machine && session.launch.host.bootID != here.bootID
                && session.origin == .runner && session.stoppedBy == nil && session.nativeID != nil
        }
    }
}

extension SpawnRequest {
    /// A session that goes on with the conversation of one that the restart of the machine ended. One request
    /// for each session and boot: a runner that is killed here does not ask twice.
    init(resuming session: SessionRecord) {
        var parameters = SpawnParameters(directory: session.directory)
        parameters.agent = session.agent
        parameters.resumeSessionId = session.nativeID
        parameters.existingSessionId = session.happySessionID
        self.init(id: "resume-\(session.id)", source: .cli, parameters: parameters)
    }
}
