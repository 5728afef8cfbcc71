import CProcess
import Glibc
import Processes
import RunnerStore

/// The process above each launched session: it outlives the runner and records how the session ends.
///
/// It is this program under a hidden first argument, taken before anything else is set up, because
/// there is one for each session and it must stay small. It claims its launch, starts the program,
/// records both identities, waits, records the exit, and only then reaps.
package enum Monitor {
    /// The first argument that makes this program a monitor.
    package static let argument = "__monitor"

    static let specDescriptor: Int32 = 3
    static let statusDescriptor: Int32 = 4
    /// The directory the session works in, opened when it was checked.
    static let directoryDescriptor: Int32 = 5

    /// Runs a whole monitor and ends the process.
    package static func run() -> Never {
        // A service manager that stops everything at once must still learn how the session ended.
        // Started from /proc/self/exe it would be called `exe`.
        ProcessTable.setOwnName(ProcessTable.monitorName)
        for ignored in [SIGHUP, SIGINT, SIGTERM, SIGPIPE] { signal(ignored, SIG_IGN) }
        guard let bytes = readToEnd(specDescriptor), let spec = LaunchSpec(bytes) else {
            complain("cannot read the launch from descriptor \(specDescriptor)")
            _exit(64)
        }
        close(specDescriptor)
        // Helpers that the session forks twice come back to this process and stay findable.
        _ = cprocess_become_subreaper()
        do {
            try watch(spec)
        } catch {
            complain("\(error)")
            report("error \(error)")
            _exit(70)
        }
        _exit(0)
    }

    private static func watch(_ spec: LaunchSpec) throws(StoreError) {
        CrashPoint.reached("monitor-started")
        guard let child = try claimAndLaunch(spec) else { return }
        let exit = waitForExit(of: child, spec.logPath)
        CrashPoint.reached("monitor-saw-exit")
        let store = MonitorStore(spec.storePath, flushing: true)
        try recordExit(exit, spec, in: store)
        CrashPoint.reached("monitor-recorded-exit")
        waitpid(child, nil, 0)
        if wasToldToStop(spec, store) { seeHelpersEnd(spec, store) }
        recordLeftovers(of: spec, in: store)
    }

    /// What is recorded here names processes that die with the machine, so it is not flushed.
    private static func claimAndLaunch(_ spec: LaunchSpec) throws(StoreError) -> Int32? {
        let store = MonitorStore(spec.storePath, flushing: false)
        let claimed = try store.write(for: 300) { store throws(StoreError) in
            try store.claimLaunch(spec.launchID, by: ProcessTable.current, at: .now)
        }
        guard claimed else {
            report("withdrawn")
            return nil
        }
        CrashPoint.reached("monitor-claimed")
        return try launch(spec, store)
    }

    /// False also where that cannot be known.
    private static func wasToldToStop(_ spec: LaunchSpec, _ store: MonitorStore) -> Bool {
        let told = try? store.write(for: 3) { store throws(StoreError) in
            try store.isStopRequested(spec.launchID)
        }
        return told ?? false
    }

    /// A session that was told to stop is over when nothing of it is left. Its orphans come back to this
    /// process, whatever they do to hide, and can be found below it: it stays until the last has ended.
    /// Whoever stops the session ends them; those that outlive that are killed here.
    /// A runner that was started from inside the session, and other monitors, are none of it; where the
    /// store does not tell who they are, nothing is killed.
    private static func seeHelpersEnd(_ spec: LaunchSpec, _ store: MonitorStore) {
        if orphans(sparing: []).isEmpty { return }
        guard let spared = try? spared(spec, store, for: 3) else { return }
        // A look each 10 ms, for 10 s; a stop has killed what it found by 7 s (`StopSequence`).
        for turn in 0..<1000 {
            let helpers = orphans(sparing: spared)
            if helpers.isEmpty { return }
            // Not reaped, so they are nobody else.
            // Another user's cannot be ended from here.
            if turn > 800, helpers.count(where: { kill($0, SIGKILL) == 0 }) == 0 { return }
            usleep(10_000)
        }
    }

    /// What stands below this process and is none of its session, as the store tells.
    static func spared(
        _ spec: LaunchSpec, _ store: MonitorStore, for attempts: Int
    ) throws(StoreError) -> Set<ProcessIdentity> {
        try store.write(for: attempts) { store throws(StoreError) in
            try store.ownProcesses(besides: spec.launchID)
        }
    }

    /// What has come to be this process's own child and goes on.
    private static func orphans(sparing spared: Set<ProcessIdentity>) -> [Int32] {
        while waitpid(-1, nil, WNOHANG) > 0 {}
        return (children() ?? []).filter { child in
            ProcessTable.identity(of: child).map { !spared.contains($0) } ?? false
        }
    }

    /// Starts the program and records it. nil: it could not be started, and that is recorded.
    private static func launch(_ spec: LaunchSpec, _ store: MonitorStore) throws(StoreError) -> Int32? {
        let launch = ProcessLaunch(
            program: spec.program, arguments: spec.arguments, environment: spec.environment,
            directory: spec.directory, openedDirectory: directoryDescriptor, output: .append(spec.logPath),
            errors: .append(spec.logPath))
        do {
            guard directoryIsThere() else {
                throw LaunchError(program: spec.program, directory: spec.directory, code: ENOENT)
            }
            let child = try launch.start()
            close(directoryDescriptor)
            CrashPoint.reached("monitor-launched")
            // A child stays in the table until it is reaped, ended or not.
            let identity = ProcessTable.identity(of: child) ?? ProcessIdentity(pid: child, start: 0)
            record(identity, spec, in: store)
            CrashPoint.reached("monitor-recorded-launch")
            report("launched \(identity.pid) \(identity.start)")
            return child
        } catch let error as LaunchError {
            try recordExit(ExitRecord(.launchFailed, message: error.description, at: .now), spec, in: store)
            report("failed \(error)")
            return nil
        } catch let error as StoreError {
            throw error
        } catch {
            return nil
        }
    }

    /// A launch that cannot be recorded is watched all the same: the process carries its launch id, and
    /// its end is still to be told.
    private static func record(_ process: ProcessIdentity, _ spec: LaunchSpec, in store: MonitorStore) {
        do {
            try store.write { store throws(StoreError) in
                try store.recordLaunch(spec.launchID, of: process, at: .now)
            }
        } catch {
            complain("\(error)")
        }
    }

    /// False if the directory was removed since it was opened.
    private static func directoryIsThere() -> Bool {
        var status = stat()
        return fstat(directoryDescriptor, &status) == 0 && status.st_nlink > 0
    }

    /// Waits for the child's end and leaves it unreaped; reaps its orphaned helpers and bounds its log
    /// meanwhile.
    private static func waitForExit(of child: Int32, _ logPath: String) -> ExitRecord {
        var log = LogWatch(logPath)
        // Without a descriptor for it there is only one thing that can be waited for: the end.
        let news = childSignals()
        var ended = cprocess_ended()
        while true {
            let code = cprocess_wait_unreaped(&ended, news < 0 ? 1 : 0)
            if code == -EINTR { continue }
            if code < 0 { return ExitRecord(.vanished, message: "its monitor lost sight of it", at: .now) }
            if ended.pid == child { break }
            if ended.pid > 0 {
                waitpid(ended.pid, nil, 0)
            } else {
                log.wait(for: news)
                takeChildSignals()
            }
        }
        let reason: ExitReason =
            ended.was_signaled == 1 ? .signaled(signal: ended.status) : .exited(code: ended.status)
        return ExitRecord(reason, helpers: helperCount(besides: child), at: .now)
    }

    private static var childEnded: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGCHLD)
        return set
    }

    /// Readable when a child may have ended; -errno where there is none.
    private static func childSignals() -> Int32 {
        var set = childEnded
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return cprocess_signal_descriptor(&set)
    }

    private static func takeChildSignals() {
        var set = childEnded
        while cprocess_take_signal(&set) > 0 {}
    }

    /// How many processes the session leaves to this monitor.
    private static func helperCount(besides child: Int32) -> Int? { children()?.count { $0 != child } }

    /// nil where the kernel does not tell.
    private static func children() -> [Int32]? {
        guard let bytes = readFile("/proc/self/task/\(getpid())/children") else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }

    private static func recordExit(
        _ exit: ExitRecord, _ spec: LaunchSpec, in store: MonitorStore
    ) throws(StoreError) {
        try store.write { store throws(StoreError) in _ = try store.recordExit(spec.launchID, exit) }
    }

    /// Tells the runner, if it still listens, and closes the line.
    private static func report(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(statusDescriptor, bytes, bytes.count)
        close(statusDescriptor)
    }

    /// Standard error is the session's log.
    static func complain(_ text: String) {
        let bytes = Array("hapi monitor: \(text)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }
}
