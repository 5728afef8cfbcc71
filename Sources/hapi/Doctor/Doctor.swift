import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// Checks everything a runner depends on. Changes nothing.
struct Doctor {
    let home: RunnerHome
    let environment: [String: String]
    let presence: RunnerPresence

    init(environment: [String: String]) throws {
        home = try RunnerHome(environment: environment)
        self.environment = environment
        presence = RunnerPresence(home)
    }

    /// All findings, dependencies first.
    func findings() async -> [Finding] {
        var found = homeFindings() + storeFindings()
        found += await runnerFindings()
        do {
            let configuration = try Configuration.load(environment: environment)
            found += await hubFindings(configuration)
            found += await agentFindings(configuration)
        } catch {
            found.append(.bad("settings", "\(error)", "correct it, then: hapi doctor"))
        }
        return found + serviceFindings() + systemFindings() + leftoverFindings()
    }

    private func homeFindings() -> [Finding] {
        var status = stat()
        guard stat(home.path, &status) == 0 else {
            return [.note("home", "\(home.path) does not exist yet", "hapi runner start")]
        }
        if status.st_uid != getuid() && status.st_uid != 0 {
            return [
                .bad(
                    "home", "\(home.path) belongs to user \(status.st_uid)",
                    "chown -R \(getuid()) \(home.path)")
            ]
        }
        if status.st_mode & 0o077 != 0 {
            return [.bad("home", "other users can read \(home.path)", "chmod 700 \(home.path)")]
        }
        return [.good("home", home.path.tilded)] + settingsFindings() + diskFindings()
    }

    /// The settings contain the token, so that no other user may read them.
    private func settingsFindings() -> [Finding] {
        var status = stat()
        guard stat(home.settings, &status) == 0, status.st_mode & 0o077 != 0 else { return [] }
        return [
            .bad(
                "settings", "other users can read the token in \(home.settings)", "chmod 600 \(home.settings)"
            )
        ]
    }

    private func diskFindings() -> [Finding] {
        var status = statvfs()
        guard statvfs(home.path, &status) == 0 else { return [] }
        let free = Int64(status.f_bavail) * Int64(status.f_frsize)
        guard free < 200 << 20 else { return [.good("disk", "\(Size.text(free)) free")] }
        return [
            .bad("disk", "only \(Size.text(free)) free for \(home.path)", "hapi runner prune --before 30d")
        ]
    }

    private func storeFindings() -> [Finding] {
        do {
            let store = try StoreConnection(path: home.store, mode: .readOnly)
            let size = ["", "-wal"].compactMap { fileSize(home.store + $0) }.reduce(0, +)
            try store.checkIntegrity()
            return [.good("store", "intact, \(Size.text(size)), schema \(store.fileVersion)")]
        } catch {
            if error.cause == .missing { return [.note("store", "nothing has been recorded yet")] }
            return [.bad("store", "\(error)", error.hint)]
        }
    }

    private func leftoverFindings() -> [Finding] {
        let stale = Stale(home: home, presence: presence)
        var found: [Finding] = []
        do {
            let processes = try stale.processes()
            found += processes.map {
                .bad(
                    "left over", "\($0.command) \($0.process.pid) outlived its session", "hapi doctor clean")
            }
            let worktrees = try stale.worktrees()
            if !worktrees.isEmpty {
                let count = worktrees.count == 1 ? "a worktree" : "\(worktrees.count) worktrees"
                found.append(
                    .note("worktrees", "\(count) of ended sessions", "hapi runner worktrees --prune"))
            }
        } catch {
            // Reported by the store's own check.
        }
        return found
    }
}
