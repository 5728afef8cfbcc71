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
            Nothing can be known from here about a session that was started in another container, or on \
            another machine: it stays on record as live. If you know that it is gone, say so. No process \
            is touched, and a session that can be looked at from here is refused.

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
                return "no session is known as \(id)"
            }
            if session.exit != nil || session.endedAt != nil { return "session \(id) has ended already" }
            if session.launch.host.isHere { return "session \(id) can be looked at from here" }
            let message = "given up by the user: it was started in another container or on another machine"
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
