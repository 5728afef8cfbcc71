import ArgumentParser
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Finds the session for an argument: a name, an id, a prefix of an id, or `PID-<n>`.
enum SessionLookup {
    case found(SessionRecord)
    case unknown
    /// Several ids begin with it.
    case ambiguous([SessionRecord])

    static let help = ArgumentHelp("A name, an id, the beginning of one, or PID-<n>.", valueName: "session")

    init(_ word: String, _ store: Reading) throws(StoreError) {
        if let session = try store.sessions(meant: word).first {
            self = .found(session)
            return
        }
        let begun = word.isEmpty ? [] : try store.sessions(beginning: word, limit: 8)
        self = begun.count == 1 ? .found(begun[0]) : begun.isEmpty ? .unknown : .ambiguous(begun)
    }

    /// Returns the session, or prints an error and exits.
    func session(_ word: String) throws -> SessionRecord {
        switch self {
        case .found(let session): return session
        case .unknown:
            Output.complain("no session is called \(word)", hint: "hapi runner list --all")
        case .ambiguous(let sessions):
            let fitting = sessions.map(SessionView.init).map { "\($0.title) (\($0.shortID))" }
            Output.complain(
                "\(word) could be \(fitting.joined(separator: ", "))", hint: "give more characters of the id")
        }
        throw ExitCode(ExitStatus.failed)
    }

    static func session(_ word: String, in home: RunnerHome) throws -> SessionRecord {
        try look(word, in: home).session(word)
    }

    static func look(_ word: String, in home: RunnerHome) throws -> SessionLookup {
        try StoreConnection.lookingAt(home) { store throws(StoreError) in try SessionLookup(word, store) }
            ?? .unknown
    }
}
