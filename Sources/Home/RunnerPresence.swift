import HubClient
import Processes
import RunnerStore

/// The runner of a home, as seen from outside: the store and the state file say which one it should be, the
/// process table whether it exists.
package struct RunnerPresence: Sendable {
    /// The row of the running runner; nil if none of ours is running.
    package let runner: RunnerRecord?
    /// The state file, if it does not belong to our running runner.
    package let stateFile: StateFile?
    /// The last life that has ended.
    package let last: RunnerRecord?
    /// The last life if its end is not recorded and it cannot be checked here: it was on another machine or
    /// in another pid namespace, and may still be running there.
    package var elsewhere: RunnerRecord? {
        runner == nil ? last.flatMap { $0.isElsewhere ? $0 : nil } : nil
    }
    /// Why the store could not be read; nil if it was, or does not exist yet.
    package let storeError: StoreError?
    private let home: RunnerHome

    package init(_ home: RunnerHome) {
        let stateFile = { StateFile.read(home) }
        do {
            let store = try StoreConnection(path: home.store, mode: .readOnly)
            self.init(
                home,
                runners: try store.read { store throws(StoreError) in try store.newestRunners(limit: 8) },
                stateFile: stateFile)
        } catch {
            self.init(
                home, runners: [], stateFile: stateFile, storeError: error.cause == .missing ? nil : error)
        }
    }

    /// - Parameters:
    ///   - runners: the newest lives, newest first.
    ///   - stateFile: only read if no runner of ours is running.
    package init(
        _ home: RunnerHome, runners: [RunnerRecord], stateFile: () -> StateFile?,
        storeError: StoreError? = nil
    ) {
        self.home = home
        self.storeError = storeError
        runner = runners.first { $0.endReason == nil && Observation.of($0.process, at: $0.host) == .alive }
        self.stateFile = runner == nil ? stateFile() : nil
        last = runners.first { [runner] in $0.id != runner?.id }
    }

    /// The name of the runner's process, and its name while it cannot write its store.
    package static let processName = "hapi"
    package static let degradedName = "hapi-degraded"

    /// Whether the running runner cannot write its store.
    package var isDegraded: Bool {
        runner.flatMap { ProcessTable.name(of: $0.process.pid) } == Self.degradedName
    }

    package var isStopping: Bool { runner?.stoppingAt != nil }

    /// A runner that is only in the state file: HAPI's own, or ours while the store cannot be read.
    package var foreignPID: Int32? {
        guard let pid = stateFile?.pid, pid != runner?.process.pid, ProcessTable.isRunner(pid, of: home)
        else { return nil }
        return pid
    }

    /// The control port of the running runner, ours or HAPI's.
    package var controlPort: Int? { runner?.httpPort ?? (foreignPID == nil ? nil : stateFile?.httpPort) }
}

extension RunnerRecord {
    /// Whether its end is not recorded and cannot be determined here.
    package var isElsewhere: Bool {
        endReason == nil && Observation.of(process, at: host) == .unverifiable
    }
}
