import Home
import HubProtocol
import Processes
import RunnerStore

extension SessionSupervisor {
    /// The conversations that were under way when this machine went down. To be asked before what is left is
    /// adopted: afterwards they have ended like any other.
    func conversationsLostToReboot() async throws(StoreError) -> [SessionRecord] {
        let here = HostIdentity.current
        return try await store.read { connection throws(StoreError) in
            try connection.liveSessions().filter { session in
                session.launch.host.machine == here.machine && session.launch.host.bootID != here.bootID
                    && session.origin == .runner && session.stoppedBy == nil && session.nativeID != nil
            }
        }
    }

    /// Starts a session for each of them that goes on with its conversation.
    func resume(_ sessions: [SessionRecord]) async {
        for session in sessions {
            var parameters = SpawnParameters(directory: session.directory)
            parameters.agent = session.agent
            parameters.resumeSessionId = session.nativeID
            parameters.existingSessionId = session.happySessionID
            // One request for each session and boot: a runner that is killed here does not ask twice.
            let request = SpawnRequest(
                id: "resume-\(session.id)", source: .cli, parameters: parameters)
            let answer = await spawn(request)
            logger.notice(
                "resumed after the restart of the machine",
                metadata: ["session": "\(session.id)", "answer": "\(answer)"])
        }
    }
}
