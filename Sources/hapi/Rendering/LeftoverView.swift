import Home
import HubProtocol
import Processes
import RunnerStore

/// Describes processes that outlived their sessions.
enum LeftoverView {
    /// The footer of `list`: the processes, their sessions, and the command that ends them.
    static func text(_ left: [LeftoverRecord]) -> String {
        let sessions = Dictionary(grouping: left, by: \.sessionID).sorted { $0.key < $1.key }
        return sessions.map { id, left in
            "\(words(left)) by the ended session \(id.prefix(8)); hapi runner stop-session \(id.prefix(8)) ends it"
        }.joined(separator: "\n")
    }

    static func json(_ left: LeftoverRecord) -> JSONValue {
        .object(["pid": .integer(Int64(left.process.pid)), "command": .string(left.command)])
    }

    /// `1 process left: claude 22405`
    static func words(_ left: [LeftoverRecord]) -> String {
        let names = left.map { "\($0.command.visible) \($0.process.pid)" }.joined(separator: ", ")
        return "\(left.count) process\(left.count == 1 ? "" : "es") left: \(names)"
    }
}

extension Reading {
    /// The leftover processes that are still running.
    func livingLeftovers(of session: String? = nil) throws(StoreError) -> [LeftoverRecord] {
        try leftovers(of: session).filter { Observation.of($0.process, at: $0.host) == .alive }
    }
}
