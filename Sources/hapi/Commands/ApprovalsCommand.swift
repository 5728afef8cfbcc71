import ArgumentParser
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

struct ApprovalsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approvals",
        abstract: "Show decisions about creating directories, and requests that wait for one.",
        discussion: "Newest first. Works without a running runner.")

    @Flag(help: "Print one JSON document.") var json = false

    func run() throws {
        let home = try RunnerHome.fromEnvironment()
        let decisions =
            try StoreConnection.lookingAt(home) { store throws(StoreError) in try store.directoryDecisions() }
            ?? []
        if json { return Output.json(.array(decisions.map(\.json))) }
        guard !decisions.isEmpty else { return Output.line("No decisions about directories yet.") }
        var table = Table(["DIRECTORY", "DECISION", "BY", "AT", "REQUEST"], fits: ["DIRECTORY": .path])
        for decision in decisions {
            table.add(
                [
                    decision.directory,
                    decision.decision.rawValue + (decision.isStanding ? " (and below)" : ""),
                    decision.decidedBy ?? "-", decision.decidedAt?.local ?? "-",
                    decision.spawnRequestID.map { String($0.prefix(8)) } ?? "-",
                ], colours: [1: decision.decision.colour])
        }
        Output.line(table.rendered())
    }
}

struct ApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Let sessions create a directory, and any directory below it.",
        discussion: """
            Holds for later requests too, until `hapi runner deny` says otherwise.

            EXAMPLES
              hapi runner approve ~/work
            """)

    @Argument(help: "The directory; it need not exist yet.") var directory: String

    func run() throws { try decide(.approved, directory) }
}

struct DenyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deny", abstract: "Keep sessions from creating a directory, or any directory below it.",
        discussion: "Holds for later requests too, also for those that bring their own approval.")

    @Argument(help: "The directory; it need not exist yet.") var directory: String

    func run() throws { try decide(.denied, directory) }
}

private func decide(_ decision: DirectoryDecision, _ directory: String) throws {
    let home = try RunnerHome.fromEnvironment()
    try home.create()
    // Decisions are stored, and looked up when a request is judged, under paths without symbolic links.
    let path = resolvedPath(try absolutePath(directory))
    let store = try StoreConnection(path: home.store, mode: .create)
    let asked = try store.write { store throws(StoreError) in
        try store.decide(decision, on: path, by: "cli", at: .now)
        return try store.directoryDecisions().contains { $0.directory == path && $0.spawnRequestID != nil }
    }
    let word = decision == .approved ? "may" : "may not"
    Output.line("Sessions \(word) create \(path.visible) and directories below it.")
    if decision == .approved && asked {
        Output.line("The request that was waiting is over; to spawn again: hapi runner spawn \(path.visible)")
    }
}

extension DirectoryDecision {
    fileprivate var colour: Table.Colour {
        switch self {
        case .pending: .yellow
        case .approved: .green
        case .denied: .red
        }
    }
}

extension DirectoryDecisionRecord {
    fileprivate var json: JSONValue {
        .object([
            "directory": .string(directory), "decision": .string(decision.rawValue),
            "decidedBy": .init(decidedBy),
            "decidedAt": .init(decidedAt), "spawnRequestId": .init(spawnRequestID),
        ])
    }
}
