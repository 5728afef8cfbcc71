import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct GiveUpCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mark-ended", abstract: "Record a session of another container or machine as ended.",
        discussion: """
            A session that was started in another container or on another machine cannot be checked from \
            here, so it stays on record as live. If you know that it is gone, say so with this command. No \
            process is touched, and sessions of this machine are refused.

            EXAMPLES
              hapi runner mark-ended 987f738a
            """, aliases: ["give-up"])

    @Argument(help: SessionLookup.help, completion: .sessions) var id: String

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let meant = try SessionLookup.session(id, in: home).id
        let store = try StoreConnection(path: home.store, mode: .create)
        let refusal = try store.write { store throws(StoreError) -> String? in
            guard let session = try store.session(meant) else {
                return "no session is called \(id)"
            }
            if session.exit != nil || session.endedAt != nil { return "session \(id) has ended already" }
            if session.launch.host.isHere {
                return "session \(id) belongs to this machine, where its state is known"
            }
            let message =
                "marked as ended by the user: it was started in another container or on another machine"
            _ = try store.finish(
                session.id, unlessRecorded: ExitRecord(.vanished, message: message, at: .now))
            return nil
        }
        if let refusal {
            Output.complain(refusal, hint: "hapi runner list --all")
            throw ExitCode(ExitStatus.failed)
        }
        Output.line("Session \(id.visible) is on record as ended.")
    }
}
