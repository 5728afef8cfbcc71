import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

extension Doctor {
    func runnerFindings() async -> [Finding] {
        guard let runner = presence.runner else { return absentRunner() + staleFiles() }
        var found: [Finding] = []
        if presence.isDegraded {
            found.append(
                .bad("runner", "it cannot write its store; see \(runner.logPath)", "hapi runner logs -n 20"))
        } else {
            found.append(.good("runner", "running, process \(runner.process.pid), version \(runner.version)"))
        }
        if runner.version != ProgramFile.version {
            found.append(
                .bad(
                    "version",
                    "the runner is version \(runner.version), this program is \(ProgramFile.version)",
                    "hapi runner start"))
        }
        if let notice = runner.notice { found.append(.bad("runner", notice, "hapi runner logs -n 20")) }
        return found + (await portFindings(runner)) + repeatedEnds()
    }

    private func portFindings(_ runner: RunnerRecord) async -> [Finding] {
        guard let port = runner.httpPort else {
            return [.note("control port", "not bound yet")]
        }
        guard await ControlClient(port: port, timeout: .seconds(5)).answers() else {
            return [.bad("control port", "nothing answers at 127.0.0.1:\(port)", "hapi runner restart")]
        }
        guard StateFile.read(home)?.httpPort == port else {
            return [.bad("state file", "\(home.stateFile) does not name this runner", "hapi runner restart")]
        }
        return [.good("control port", "127.0.0.1:\(port) answers")]
    }

    private func absentRunner() -> [Finding] {
        if let pid = presence.foreignPID {
            return [.note("runner", "HAPI's own runner is running here, process \(pid)", "hapi runner start")]
        }
        guard let last = presence.last else {
            return [.bad("runner", "not running; none has run here yet", "hapi runner start")]
        }
        return [.bad("runner", "not running; the last one \(StatusView.endText(last))", "hapi runner start")]
            + repeatedEnds()
    }

    /// A runner that is restarted again and again because it keeps failing.
    private func repeatedEnds() -> [Finding] {
        // A store that cannot be read is reported by another check.
        guard
            let lives = try? StoreConnection(path: home.store, mode: .readOnly).read({
                store throws(StoreError) in try store.newestRunners(limit: 6)
            })
        else { return [] }
        let hourAgo = Timestamp(secondsAgo: 3600)
        let failed = lives.filter { life in
            life.startedAt > hourAgo && life.id != presence.runner?.id
                && [.exception, .crashed, nil].contains(life.endReason)
        }
        guard failed.count >= 3 else { return [] }
        let why = failed[0].endDetail.map { ": \($0)" } ?? ""
        return [
            .bad(
                "runner", "it failed \(failed.count) times within an hour\(why)",
                "hapi runner logs -n 50")
        ]
    }

    private func staleFiles() -> [Finding] {
        Stale(home: home, presence: presence).files().map {
            .note(
                "stale file", "\($0) names a runner that is gone; the next start replaces it",
                "hapi doctor clean")
        }
    }
}
