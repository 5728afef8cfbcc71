import ArgumentParser
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Sessions of the past, with how each ended.",
        discussion: """
            Newest first. With an ID, every event of that session. Needs no running runner.

            EXAMPLES
              hapi runner history --limit 10
              hapi runner history 987f738a-de72-4fe4-8977-48cdb185b178
            """)

    @Argument(help: "A HAPI session id, a record id, or PID-<n>.") var id: String?
    @Option(help: "Show at most so many.") var limit = 50
    @Flag(help: "One JSON document.") var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        if let id { try showOne(id, home) } else { try showAll(home) }
    }

    private func showAll(_ home: RunnerHome) throws {
        let entries =
            try StoreConnection.lookingAt(home) { store throws(StoreError) -> [Entry] in
                var entries: [Entry] = []
                for session in try store.newestSessions(limit: limit) {
                    entries.append(try Entry(session, store))
                }
                return entries
            } ?? []
        if json { return try Output.json(.array(entries.map { .object($0.members) })) }
        guard !entries.isEmpty else { return Output.line("No sessions have been recorded yet.") }
        var table = Table(
            ["ID", "STARTED", "AGENT", "STATE", "FOR", "HOW", "DIRECTORY"],
            fits: ["HOW": .text, "DIRECTORY": .path])
        for view in entries.map(\.view) {
            table.add(
                [
                    String(view.session.id.prefix(8)), view.session.createdAt.local, view.session.agent,
                    view.state.rawValue, view.length, view.ending,
                    view.session.directory,
                ], colours: [3: view.state.colour])
        }
        Output.line(table.rendered())
    }

    private func showOne(_ id: String, _ home: RunnerHome) throws {
        let found = try StoreConnection.lookingAt(home) {
            store throws(StoreError) -> (Entry, [SessionEvent])? in
            guard let session = try store.sessions(meant: id).first else { return nil }
            return (try Entry(session, store), try store.events(of: session.id))
        }
        guard let (entry, events) = found ?? nil else {
            Output.complain("no session is known as \(id)", hint: "hapi runner history")
            throw ExitCode(ExitStatus.failed)
        }
        if json {
            var members = entry.members
            members["events"] = .array(events.map(\.json))
            return try Output.json(.object(members))
        }
        Output.line(
            "\(entry.view.session.id)  \(entry.view.state.rawValue)  \(entry.view.session.directory.visible)"
        )
        if let progress = entry.request?.progress { Output.line(progress.visible) }
        var table = Table(["AT", "EVENT", "DETAIL"], fits: ["DETAIL": .text])
        for event in events { table.add([event.at.local, event.kind, event.detail ?? ""]) }
        Output.line(table.rendered())
    }

    private struct Entry {
        let view: SessionView
        let request: SpawnRequestRecord?

        init(_ session: SessionRecord, _ store: Reading) throws(StoreError) {
            var view = SessionView(session)
            if session.exit != nil { view.leftovers = try store.livingLeftovers(of: session.id) }
            self.view = view
            request = try store.spawnRequest(ofSession: session.id)
        }

        var members: [String: JSONValue] {
            view.members.merging(["spawnRequest": request?.json ?? .null]) { old, _ in old }
        }
    }
}

extension SpawnRequestRecord {
    fileprivate var json: JSONValue {
        .object([
            "id": .string(id), "source": .string(source.rawValue), "requestedAt": .init(requestedAt),
            "outcome": .string(outcome.rawValue), "error": .init(error), "progress": .init(progress),
        ])
    }
}

extension SessionEvent {
    fileprivate var json: JSONValue {
        .object(["at": .init(at), "kind": .string(kind), "detail": .init(detail)])
    }
}
