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
        commandName: "absences", abstract: "Show when and why the hub could not reach this machine.",
        discussion: """
            Covers stops, crashes, reboots, sleep, and a hub that was down or refused the runner: since when, \
            for how long, and why. Works without a running runner.

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
    @Flag(help: "Print one JSON document.") var json = false

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
        guard everRan else {
            return Output.line("No runner has run here yet. To start one: hapi runner start")
        }
        guard !found.isEmpty else { return Output.line("Always within reach since \(since.local).") }
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
