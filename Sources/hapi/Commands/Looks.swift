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
    /// nil: all of them.
    var accepts: ((SessionView) -> Bool)?

    private func looked() throws -> ([SessionRecord], [LeftoverRecord]) {
        let home = try RunnerHome.fromEnvironment()
        let looked = try StoreConnection.lookingAt(home) { store throws(StoreError) in
            (all ? try store.allSessions() : try store.liveSessions(), try store.livingLeftovers())
        }
        return looked ?? ([], [])
    }

    func views() throws -> [SessionView] { views(try looked().0) }

    private func views(_ sessions: [SessionRecord]) -> [SessionView] {
        sessions.map(SessionView.init).filter { (all || $0.state != .ended) && accepts?($0) ?? true }
    }

    var nothing: String {
        accepts != nil
            ? "No such sessions." : "No \(all ? "" : "live ")sessions. Start one: hapi runner spawn DIR"
    }

    func look() throws -> Int32 {
        let (sessions, left) = try looked()
        let views = views(sessions)
        if json {
            try Output.json(.array(views.map { .object($0.members) }))
        } else if views.isEmpty {
            Output.line(nothing)
        } else {
            Output.line(SessionView.table(views))
        }
        if !json, accepts == nil, !left.isEmpty { Output.line(LeftoverView.text(left)) }
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
            let looked = try StoreConnection.lookingAt(home) {
                store throws(StoreError) -> ([RunnerRecord], [SessionState], Int, Int, Int) in
                let runners = try store.newestRunners(limit: 8)
                // Only after a restart of the machine is there anything to look for.
                let isNewBoot = runners.contains { $0.host.bootID != HostIdentity.current.bootID }
                return (
                    runners, try store.liveSessions().map(\.stateNow), store.fileVersion,
                    try store.livingLeftovers().count, isNewBoot ? try store.lostWithReboot().count : 0
                )
            }
            let presence = RunnerPresence(
                home, runners: looked?.0 ?? [], stateFile: { StateFile.read(home) })
            return StatusView(
                home: home, presence: presence, schemaVersion: looked?.2 ?? Store.schemaVersion,
                states: looked?.1 ?? [], leftBehind: looked?.3 ?? 0, lost: looked?.4 ?? 0)
        } catch {
            let presence = RunnerPresence(
                home, runners: [], stateFile: { StateFile.read(home) }, storeError: error)
            guard presence.foreignPID != nil else { throw error }
            return StatusView(
                home: home, presence: presence, schemaVersion: nil, states: nil, leftBehind: nil)
        }
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
