import ArgumentParser
import Home
import HubProtocol
import Processes
import Runner
import RunnerStore

struct ResumeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume", abstract: "Continue the conversation of an ended session.",
        discussion: """
            Starts a new process of the same agent in the same directory, with the conversation as it was \
            left. Without an ID, lists the sessions that can be resumed.

            EXAMPLES
              hapi runner resume
              hapi runner resume fix-login
            """)

    @Argument(help: SessionLookup.help) var id: String?

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        guard let id else { return try offer(home) }
        let session = try SessionLookup.session(id, in: home)
        guard SessionView(session).state == .ended else {
            Output.complain("\(id) has not ended", hint: "hapi attach \(id)")
            throw ExitCode(ExitStatus.failed)
        }
        guard var parameters = session.resumption else {
            Output.complain(
                "\(id) has no conversation to continue: its agent never reported one",
                hint: "hapi runner spawn \(session.directory) --agent \(session.agent)")
            throw ExitCode(ExitStatus.failed)
        }
        let kept = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.options(of: session)
        }
        if let kept { parameters.takeLimits(of: kept) }
        let request = newID()
        let answer = try await ControlClient.ofRunningRunner().spawn(parameters, requestID: request)
        try await SpawnReport(request: request, json: false).tell(answer)
    }

    /// Lists the newest session of each conversation, without conversations that are in use.
    private func offer(_ home: RunnerHome) throws {
        let sessions = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.sessions(.newestFirst, limit: 200).sessions
        }
        var seen: Set<[UInt8]> = []
        let fitting = (sessions ?? []).filter { session in
            guard let native = session.nativeID, seen.insert(Array(native.utf8)).inserted else {
                return false
            }
            return SessionView(session).state == .ended
        }
        guard !fitting.isEmpty else { return Output.line("There is no conversation to resume.") }
        var table = SessionView.listTable
        for session in fitting { table.add(SessionView(session).listRow) }
        Output.line(table.rendered())
        Output.line("Resume one with: hapi runner resume ID")
    }
}

extension SessionRecord {
    /// The parameters of a session that resumes this one's conversation; nil if there is none.
    var resumption: SpawnParameters? {
        guard let nativeID else { return nil }
        var parameters = SpawnParameters(directory: directory)
        parameters.agent = agent
        parameters.resumeSessionId = nativeID
        parameters.existingSessionId = happySessionID
        return parameters
    }
}
