import ArgumentParser
import Home
import HubClient
import HubProtocol
import Processes
import Runner
import RunnerStore
import SessionProcess

struct EventsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "events", abstract: "Print what happened to sessions, one JSON object per line.",
        discussion: """
            Oldest first: requested, started, reported, adopted, stop-requested, ended and so on. The fields \
            are described in docs/json.md. Works without a running runner.

            EXAMPLES
              hapi runner events --since 1h
              hapi runner events --follow | jq -r 'select(.kind == "ended") | .name'
            """)

    @Flag(name: .shortAndLong, help: "Keep printing events as they happen.") var follow = false
    @Option(
        help: ArgumentHelp(
            "Only from then on: \(PastMoment.help). Default: all, or with --follow none of the past.",
            valueName: "when"),
        transform: PastMoment.init)
    var since: PastMoment?

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        var last: Int64 = 0
        if follow && since == nil {
            last = try look(home) { store throws(StoreError) in try store.lastEventID() } ?? 0
        }
        repeat {
            let events = try look(home) { [last, since] store throws(StoreError) in
                try store.events(after: last, since: since?.moment, limit: 500)
            }
            for event in events ?? [] {
                Output.line(String(decoding: try JSON.encode(event.json), as: UTF8.self))
                last = event.id
            }
            if events?.count == 500 { continue }
            if follow { try await Task.sleep(for: .milliseconds(200)) }
            if !follow { return }
        } while true
    }

    private func look<T>(
        _ home: RunnerHome, _ body: (Reading) throws(StoreError) -> T
    ) throws(StoreError) -> T? {
        do {
            return try StoreConnection(path: home.store, mode: .readOnly).read(body)
        } catch  where error.cause == .missing {
            return nil
        }
    }
}

extension StoreEvent {
    fileprivate var json: JSONValue {
        .object([
            "id": .integer(id), "at": .init(at), "sessionId": .string(sessionID), "name": .init(name),
            "agent": .string(agent), "directory": .string(directory), "kind": .string(kind),
            "detail": .init(detail),
        ])
    }
}
