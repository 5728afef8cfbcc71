import HubClient
import Processes
import RunnerStore

/// Which runner is there for a home, as seen from outside: the store and the state file say who it
/// should be, the process table whether it is.
package struct RunnerPresence: Sendable {
    /// The running runner's row; nil if none of ours runs.
    package let runner: RunnerRecord?
    /// What the state file says, where it is not our running runner's.
    package let stateFile: StateFile?
    /// The last life that is over.
    package let last: RunnerRecord?
    /// The last life, where its end is not on record and it cannot be looked at: it was on another machine
    /// or in another pid namespace, and may be running there.
    package var elsewhere: RunnerRecord? {
        runner == nil ? last.flatMap { $0.isElsewhere ? $0 : nil } : nil
    }
    /// Why the store could not be asked; nil where it answered or is not there yet.
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
    ///   - stateFile: asked for only where no runner of ours runs.
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

    /// What the runner's process is called, and what while it cannot write its store.
    package static let processName = "hapi"
    package static let degradedName = "hapi-degraded"

    /// Whether the running runner cannot write its store.
    package var isDegraded: Bool {
        runner.flatMap { ProcessTable.name(of: $0.process.pid) } == Self.degradedName
    }

    package var isStopping: Bool { runner?.stoppingAt != nil }

    /// A runner that only the state file names: HAPI's own, or ours while the store cannot be read.
    package var foreignPID: Int32? {
        guard let pid = stateFile?.pid, pid != runner?.process.pid, ProcessTable.isRunner(pid, of: home)
        else { return nil }
        return pid
    }

    /// Where to reach the running runner, ours or HAPI's.
    package var controlPort: Int? { runner?.httpPort ?? (foreignPID == nil ? nil : stateFile?.httpPort) }
}

extension RunnerRecord {
    /// Whether nothing is known of its end, and nothing can be known about it here.
    package var isElsewhere: Bool {
        endReason == nil && Observation.of(process, at: host) == .unverifiable
    }
}
