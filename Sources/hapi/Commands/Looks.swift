import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// A command that only reads the store and looks at processes: no port, no lock, no token.
protocol LookCommand {
    /// Returns the exit status.
    func look() throws -> Int32
}

struct ListLook: LookCommand {
    let all: Bool
    let json: Bool

    func look() throws -> Int32 {
        let home = try RunnerHome.fromEnvironment()
        let looked = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            (all ? try store.allSessions() : try store.liveSessions(), try store.livingLeftovers())
        }
        let views = (looked?.0 ?? []).map(SessionView.init).filter { all || $0.state != .ended }
        if json {
            try Output.json(.array(views.map { .object($0.members) }))
        } else if views.isEmpty {
            Output.line("No \(all ? "" : "live ")sessions. Start one with: hapi runner spawn DIR")
        } else {
            Output.line(SessionView.table(views))
        }
        if !json, let left = looked?.1, !left.isEmpty { Output.line(LeftoverView.text(left)) }
        return 0
    }
}

struct StatusLook: LookCommand {
    let json: Bool

    func look() throws -> Int32 {
        let home = try RunnerHome.fromEnvironment()
        let view = try view(of: home)
        if json { try Output.json(view.json) } else { Output.line(view.text) }
        return view.isRunning ? 0 : ExitStatus.noRunner
    }

    /// A store that cannot be read is said, and whether a runner runs nevertheless.
    private func view(of home: RunnerHome) throws(StoreError) -> StatusView {
        do {
            let looked = try StoreConnection.lookingAt(home) { store throws(StoreError) in
                (
                    try store.newestRunners(limit: 8), try store.liveSessions().map(\.stateNow),
                    store.fileVersion, try store.livingLeftovers().count
                )
            }
            let presence = RunnerPresence(
                home, runners: looked?.0 ?? [], stateFile: { StateFile.read(home) })
            return StatusView(
                home: home, presence: presence, schemaVersion: looked?.2 ?? Store.schemaVersion,
                states: looked?.1 ?? [], leftBehind: looked?.3 ?? 0)
        } catch {
            let presence = RunnerPresence(
                home, runners: [], stateFile: { StateFile.read(home) }, storeError: error)
            guard presence.foreignPID != nil else { throw error }
            return StatusView(
                home: home, presence: presence, schemaVersion: nil, states: nil, leftBehind: nil)
        }
    }
}

extension RunnerHome {
    static func fromEnvironment() throws(ConfigurationError) -> RunnerHome {
        try RunnerHome(environment: processEnvironment)
    }
}

extension StoreConnection {
    /// Reads the store of a home on one unchanging view; nil if nothing has been recorded yet. Rows that
    /// cannot be read are left out, and that is said.
    static func lookingAt<T>(
        _ home: RunnerHome, _ body: (Reading) throws(StoreError) -> T
    ) throws(StoreError) -> T? {
        do {
            let store = try StoreConnection(path: home.store, mode: .readOnly)
            let result = try store.read(body)
            if store.unreadableRows > 0 {
                let rows = store.unreadableRows == 1 ? "a row" : "\(store.unreadableRows) rows"
                Output.complain("\(rows) of \(home.store) cannot be read by this version, and left out")
            }
            return result
        } catch  where error.cause == .missing {
            return nil
        }
    }
}
