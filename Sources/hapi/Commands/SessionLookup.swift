import ArgumentParser
import Home
import Runner
import RunnerStore

/// The session that a word on the command line means: a name, an id, the beginning of one, or `PID-<n>`.
enum SessionLookup {
    static let help = ArgumentHelp("A name, an id, the beginning of one, or PID-<n>.", valueName: "session")

    /// Looks it up in the store of a home.
    static func session(_ word: String, in home: RunnerHome) throws -> SessionRecord {
        let found = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            try store.sessions(meant: word).first
        }
        if let session = found ?? nil { return session }
        Output.complain("no session is known as \(word)", hint: "hapi runner list --all")
        throw ExitCode(ExitStatus.failed)
    }
}
