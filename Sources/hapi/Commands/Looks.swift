import Glibc
import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// A command that only reads the store and the process table: no port, no lock, no token.
protocol LookCommand {
    /// Returns the exit status.
    func look() throws -> Int32
}

struct ListLook: LookCommand {
    let all: Bool
    let json: Bool
    /// nil for all sessions.
    var accepts: ((SessionView) -> Bool)?

    func views() throws -> [SessionView] {
        var views: [SessionView] = []
        try eachPage { views += $0 }
        return views
    }

    /// Shows live sessions at once, and all sessions page by page.
    private func eachPage(_ show: ([SessionView]) -> Void) throws {
        let home = try RunnerHome.fromEnvironment()
        if all {
            try StoreConnection.eachPage(of: home, .oldestFirst) { page, store throws(StoreError) in
                try SessionView.all(page, store)
            } show: { views in
                show(views.filter { accepts?($0) ?? true })
                return true
            }
        } else {
            let live = try StoreConnection.lookingAt(home) { store throws(StoreError) in
                try store.liveSessions()
            }
            show(
                (live ?? []).map(SessionView.init).filter { $0.state != .ended && accepts?($0) ?? true })
        }
    }

    var nothing: String {
        accepts != nil
            ? "No matching sessions." : "No \(all ? "" : "live ")sessions. Start one: hapi runner spawn DIR"
    }

    func look() throws -> Int32 {
        var listing = Listing(json: json, table: SessionView.listTable)
        try eachPage { views in
            for view in views { listing.add(.object(view.members), row: view.listRow) }
            listing.endPage()
        }
        listing.finish(nothing: nothing)
        if !json, accepts == nil { try showLeftovers() }
        return 0
    }

    private func showLeftovers() throws {
        let left = try StoreConnection.lookingAt(try RunnerHome.fromEnvironment()) {
            store throws(StoreError) in try store.livingLeftovers()
        }
        if let left, !left.isEmpty { Output.line(LeftoverView.text(left)) }
    }
}

struct StatusLook: LookCommand {
    let json: Bool

    func look() throws -> Int32 {
        let home = try RunnerHome.fromEnvironment()
        let view = try view(of: home)
        if json { Output.json(view.json) } else { Output.line(view.text) }
        return view.isRunning ? 0 : ExitStatus.noRunner
    }

    /// If the store cannot be read but a runner is running, the view contains the error; otherwise the error
    /// is thrown.
    private func view(of home: RunnerHome) throws(StoreError) -> StatusView {
        do {
            let looked = try StoreConnection.lookingAt(home) {
                store throws(StoreError) -> ([RunnerRecord], [SessionState], Int, Int, Int) in
                let runners = try store.newestRunners(limit: 8)
                // Sessions can only be lost if the machine has been restarted.
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
    /// Reads the store of a home in one snapshot; nil if there is no store yet. Skips unreadable rows with a
    /// warning.
    static func lookingAt<T>(
        _ home: RunnerHome, _ body: (Reading) throws(StoreError) -> T
    ) throws(StoreError) -> T? {
        guard let store = try opened(home) else { return nil }
        let result = try store.read(body)
        store.complainOfUnreadable()
        return result
    }

    private static func opened(_ home: RunnerHome) throws(StoreError) -> StoreConnection? {
        do {
            return try StoreConnection(path: home.store, mode: .readOnly)
        } catch  where error.cause == .missing {
            return nil
        }
    }

    /// Reads all sessions page by page, each page in a snapshot of its own, until `show`, which is called in
    /// between, returns false.
    static func eachPage<T>(
        of home: RunnerHome, _ order: SessionPage.Order, by size: Int = 500,
        read: ([SessionRecord], Reading) throws(StoreError) -> T, show: (T) throws -> Bool
    ) throws {
        guard let store = try opened(home) else { return }
        var place: SessionPage.Place?
        while true {
            var next: SessionPage.Place?
            let found = try store.read { reading throws(StoreError) -> T in
                let page = try reading.sessions(order, after: place, limit: size)
                next = page.next
                return try read(page.sessions, reading)
            }
            guard try show(found), next != nil, !Output.hasFailed else { break }
            place = next
        }
        store.complainOfUnreadable()
    }

    private func complainOfUnreadable() {
        guard unreadableRows > 0 else { return }
        let rows = unreadableRows == 1 ? "a row" : "\(unreadableRows) rows"
        Output.complain("\(rows) of \(path) cannot be read by this version, and were left out")
    }
}
