import ArgumentParser
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct AbsencesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "absences", abstract: "When and why this machine was out of the hub's reach.",
        discussion: """
            Stops, crashes, restarts of the machine, its sleep, and a hub that was away or refused: since \
            when, for how long, and why. Needs no running runner.

            EXAMPLES
              hapi runner absences              the last seven days
              hapi runner absences --since 12h
              hapi runner absences --since 2026-01-31
            """)

    @Option(
        help: ArgumentHelp(
            "How far to look back: \(PastMoment.help). Default: 7d.", valueName: "when"),
        transform: PastMoment.init)
    var since: PastMoment?
    @Flag(help: "One JSON document.") var json = false

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let since = try (since ?? PastMoment("7d")).moment
        var everRan = false
        let absences = try StoreConnection.lookingAt(home) { store throws(StoreError) -> [Absence] in
            let lives = try store.allRunners()
            everRan = !lives.isEmpty
            let presence = RunnerPresence(home, runners: lives.reversed(), stateFile: { nil })
            return Absence.all(
                lives: lives, running: presence.runner?.id, beats: try store.heartbeats(since: since),
                changes: try store.hubChanges(since: since))
        }
        let found = (absences ?? []).filter { ($0.to ?? .now) >= since }
        if json { return Output.json(.array(found.map(\.json))) }
        guard everRan else { return Output.line("No runner has run here yet. Start one: hapi runner start") }
        guard !found.isEmpty else { return Output.line("Never away since \(since.local).") }
        var table = Table(["FROM", "TO", "FOR", "WHY"], fits: ["WHY": .text])
        for absence in found {
            let unseen = absence.beganUnseen ? "after " : ""
            let why = absence.cause.rawValue + (absence.detail.map { ": \($0)" } ?? "")
            table.add([unseen + absence.from.local, absence.to?.local ?? "now", absence.length, why])
        }
        Output.line(table.rendered())
    }
}

extension Absence {
    fileprivate var length: String { Timestamp.length(from: from, to: to ?? .now) }

    fileprivate var json: JSONValue {
        .object([
            "cause": .string(cause.rawValue), "from": .init(from), "beganUnseen": .bool(beganUnseen),
            "to": .init(to),
            "detail": .init(detail),
        ])
    }
}
