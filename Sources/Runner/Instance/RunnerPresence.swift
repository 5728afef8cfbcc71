import RunnerStore

/// Which runner is there for a home, as seen from outside: the store and the state file say who it
/// should be, the process table whether it is.
public struct RunnerPresence: Sendable {
    /// The running runner's row; nil if none of ours runs.
    public let runner: RunnerRecord?
    /// What the state file says, where it is not our running runner's.
    public let stateFile: StateFile?
    /// The last life that is over.
    public let last: RunnerRecord?
    /// Why the store could not be asked; nil where it answered or is not there yet.
    public let storeError: StoreError?

    public init(_ home: RunnerHome) {
        let stateFile = { StateFile.read(home) }
        do {
            let store = try StoreConnection(path: home.store, mode: .readOnly)
            self.init(runners: try store.newestRunners(limit: 8), stateFile: stateFile, storeError: nil)
        } catch {
            self.init(runners: [], stateFile: stateFile, storeError: error.cause == .missing ? nil : error)
        }
    }

    /// - Parameters:
    ///   - runners: the newest lives, newest first.
    ///   - stateFile: asked for only where no runner of ours runs.
    public init(runners: [RunnerRecord], stateFile: () -> StateFile?, storeError: StoreError?) {
        self.storeError = storeError
        runner = runners.first { $0.endReason == nil && Observation.of($0.process, at: $0.host) == .alive }
        self.stateFile = runner == nil ? stateFile() : nil
        last = runners.first { [runner] in $0.id != runner?.id }
    }

    /// What the runner's process is called, and what while it cannot write its store.
    static let processName = "hapi"
    static let degradedName = "hapi-degraded"

    /// Whether the running runner cannot write its store.
    public var isDegraded: Bool {
        runner.flatMap { ProcessTable.name(of: $0.process.pid) } == Self.degradedName
    }

    public var isStopping: Bool { runner?.stoppingAt != nil }

    /// A runner that is not ours: HAPI's own, which the state file names.
    public var foreignPID: Int32? {
        guard let pid = stateFile?.pid, pid != runner?.process.pid, ProcessTable.isRunner(pid) else {
            return nil
        }
        return pid
    }

    /// Where to reach the running runner, ours or HAPI's.
    public var controlPort: Int? { runner?.httpPort ?? (foreignPID == nil ? nil : stateFile?.httpPort) }
}
