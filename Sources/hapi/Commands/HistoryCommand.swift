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
        commandName: "history", abstract: "Show past sessions, and how each ended.",
        discussion: """
            Newest first. With an ID, every event of that session. --grep searches the logs too. Works \
            without a running runner.

            EXAMPLES
              hapi runner history --limit 10
              hapi runner history --failed --since 7d
              hapi runner history --grep 'out of memory'
              hapi runner history fix-login
            """)

    @Argument(help: SessionLookup.help, completion: .sessions) var id: String?
    @Option(help: ArgumentHelp("Show at most N.", valueName: "n")) var limit = 50
    @Option(
        help: ArgumentHelp(
            "Only sessions whose name, directory, log or end contains this text.", valueName: "text"))
    var grep: String?
    @OptionGroup var filter: SessionFilter
    @Flag(help: "Print one JSON document.") var json = false

    func validate() throws {
        guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    }

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        if let id { try showOne(id, home) } else { try showAll(home) }
    }

    private func showAll(_ home: RunnerHome) throws {
        let fits = try filter.acceptance()
        var listing = Listing(json: json, table: SessionView.historyTable)
        try StoreConnection.eachPage(of: home, .newestFirst, by: isFiltered ? 500 : min(limit, 500)) {
            sessions, store throws(StoreError) in
            try Entry.of(sessions, store)
        } show: { entries in
            let shown = isFiltered ? entries.filter { accepts($0.view.session, fits) } : entries
            for entry in shown.prefix(limit - listing.count) {
                listing.add(.object(entry.members), row: entry.view.historyRow)
            }
            listing.endPage()
            return listing.count < limit
        }
        listing.finish(nothing: "No sessions have been recorded yet.")
    }

    private var isFiltered: Bool {
        grep != nil || filter.includesEnded || filter.state != nil || filter.agent != nil || filter.dir != nil
            || filter.since != nil
    }

    private func accepts(_ session: SessionRecord, _ fits: (SessionView) -> Bool) -> Bool {
        let view = SessionView(session)
        guard fits(view) else { return false }
        guard let grep else { return true }
        let texts = [session.name, session.title, session.directory, session.agent, view.ending].compactMap {
            $0
        }
        return texts.contains { $0.contains(grep) } || session.logPath.map { LogText.holds(grep, $0) } == true
    }

    private func showOne(_ id: String, _ home: RunnerHome) throws {
        let meant = try SessionLookup.session(id, in: home).id
        let found = try StoreConnection.lookingAt(home) {
            store throws(StoreError) -> ([Entry], [SessionEvent], ConversationView)? in
            guard let session = try store.session(meant) else { return nil }
            return (
                try Entry.of([session], store), try store.events(of: session.id),
                try ConversationView(of: session.id, store)
            )
        }
        guard let (entries, events, conversation) = found ?? nil, let entry = entries.first else {
            throw ExitCode(ExitStatus.failed)
        }
        if json {
            var members = entry.members.merging(conversation.members) { old, _ in old }
            members["events"] = .array(events.map(\.json))
            return Output.json(.object(members))
        }
        Output.line(
            "\(entry.view.session.id)  \(entry.view.state.rawValue)  \(entry.view.session.directory.visible.tilded)"
        )
        if let progress = entry.request?.progress { Output.line(progress.visible) }
        var table = Table(["AT", "EVENT", "DETAIL"], fits: ["DETAIL": .text])
        for row in conversation.rows(with: events) { table.add(row) }
        Output.line(table.rendered())
    }

    private struct Entry {
        let view: SessionView
        let request: SpawnRequestRecord?

        static func of(_ sessions: [SessionRecord], _ store: Reading) throws(StoreError) -> [Entry] {
            let requests = try store.spawnRequests(ofSessions: sessions.map(\.id))
            return try SessionView.all(sessions, store).map { view in
                Entry(view: view, request: requests[view.session.id])
            }
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
