import CProcess
import Glibc
import Processes
import RunnerStore

/// The process above each launched session. It outlives the runner and records how the session ends.
///
/// It is this program with a hidden first argument, handled before anything else is set up, because there is
/// one per session and it must stay small. It claims its launch, starts the program, records both identities,
/// waits, records the exit, and only then reaps.
package enum Monitor {
    /// The first argument that makes this program a monitor.
    package static let argument = "__monitor"

    static let specDescriptor: Int32 = 3
    static let statusDescriptor: Int32 = 4
    /// The session's working directory, opened when it was checked.
    static let directoryDescriptor: Int32 = 5

    /// Runs the monitor and exits.
    package static func run() -> Never {
        // Without this it would be called `exe`, because it is started from /proc/self/exe.
        ProcessTable.setOwnName(ProcessTable.monitorName)
        // If a service manager stops everything at once, the session's exit must still be recorded.
        for ignored in [SIGHUP, SIGINT, SIGTERM, SIGPIPE] { signal(ignored, SIG_IGN) }
        guard let bytes = readToEnd(specDescriptor), let spec = LaunchSpec(bytes) else {
            complain("cannot read the launch from descriptor \(specDescriptor)")
            _exit(64)
        }
        close(specDescriptor)
        // Makes double-forked helpers children of this process, so that they can be found.
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
        let (exit, hasTimedOut) = waitForExit(of: child, spec)
        CrashPoint.reached("monitor-saw-exit")
        let store = MonitorStore(spec.storePath, flushing: true)
        try recordExit(exit, spec, in: store)
        CrashPoint.reached("monitor-recorded-exit")
        waitpid(child, nil, 0)
        if hasTimedOut || wasToldToStop(spec, store) { seeHelpersEnd(spec, store) }
        recordLeftovers(of: spec, in: store)
    }

    /// Not flushed, because the recorded processes don't survive a power cut either.
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

    /// Whether a stop was requested; false if that cannot be read.
    private static func wasToldToStop(_ spec: LaunchSpec, _ store: MonitorStore) -> Bool {
        let told = try? store.write(for: 3) { store throws(StoreError) in
            try store.isStopRequested(spec.launchID)
        }
        return told ?? false
    }

    /// Waits until nothing of a stopped session is left. Its orphans, whatever they do to hide, are children
    /// of this process, so it stays until the last one has ended. The stop kills them; those that outlive it
    /// are killed here.
    ///
    /// Spares runners that were started from inside the session, and other monitors. If the store cannot be
    /// read for them, kills nothing.
    private static func seeHelpersEnd(_ spec: LaunchSpec, _ store: MonitorStore) {
        if orphans(sparing: []).isEmpty { return }
        guard let spared = try? spared(spec, store, for: 3) else { return }
        // Looks every 10 ms for 10 s. A stop has killed what it found after 7 s (`StopSequence`).
        for turn in 0..<1000 {
            let helpers = orphans(sparing: spared)
            if helpers.isEmpty { return }
            // Signalling by pid is safe, because unreaped children keep their pids. Gives up if none can be
            // signalled: another user's processes.
            if turn > 800, helpers.count(where: { kill($0, SIGKILL) == 0 }) == 0 { return }
            usleep(10_000)
        }
    }

    /// Processes below this one that don't belong to its session, according to the store.
    static func spared(
        _ spec: LaunchSpec, _ store: MonitorStore, for attempts: Int
    ) throws(StoreError) -> Set<ProcessIdentity> {
        try store.write(for: attempts) { store throws(StoreError) in
            try store.ownProcesses(besides: spec.launchID)
        }
    }

    /// The live children of this process.
    private static func orphans(sparing spared: Set<ProcessIdentity>) -> [Int32] {
        while waitpid(-1, nil, WNOHANG) > 0 {}
        return (children() ?? []).filter { child in
            ProcessTable.identity(of: child).map { !spared.contains($0) } ?? false
        }
    }

    /// Starts the program and records it. nil if it could not be started, which is recorded.
    private static func launch(_ spec: LaunchSpec, _ store: MonitorStore) throws(StoreError) -> Int32? {
        if let problem = enterCgroup(spec.limits) {
            try recordExit(ExitRecord(.launchFailed, message: problem, at: .now), spec, in: store)
            report("failed \(problem)")
            return nil
        }
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
            // Cannot be missing: a child stays in the process table until it is reaped.
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

    /// Records the process. If that fails, the process is watched all the same: it carries its launch id, and
    /// its exit has to be recorded.
    private static func record(_ process: ProcessIdentity, _ spec: LaunchSpec, in store: MonitorStore) {
        do {
            try store.write { store throws(StoreError) in
                try store.recordLaunch(spec.launchID, of: process, at: .now)
            }
        } catch {
            complain("\(error)")
        }
    }

    /// Whether the directory still exists.
    private static func directoryIsThere() -> Bool {
        var status = stat()
        return fstat(directoryDescriptor, &status) == 0 && status.st_nlink > 0
    }

    /// Waits until the child has ended, and leaves it unreaped. Meanwhile reaps orphaned helpers, bounds the
    /// log, and ends the session when its time is up.
    private static func waitForExit(
        of child: Int32, _ spec: LaunchSpec
    ) -> (exit: ExitRecord, hasTimedOut: Bool) {
        var log = LogWatch(spec.logPath)
        var countdown = Countdown(seconds: spec.limits.seconds, now: Countdown.now)
        // Without a signal descriptor, it can only wait for an exit.
        let news = childSignals()
        let waitsForNothingElse = news < 0 && spec.limits.seconds == nil
        var ended = cprocess_ended()
        while true {
            let code = cprocess_wait_unreaped(&ended, waitsForNothingElse ? 1 : 0)
            if code == -EINTR { continue }
            if code < 0 {
                let exit = ExitRecord(.vanished, message: "its monitor could not wait for it", at: .now)
                return (exit, countdown.hasBegun)
            }
            if ended.pid == child { break }
            if ended.pid > 0 {
                waitpid(ended.pid, nil, 0)
            } else {
                if let number = countdown.signal(at: Countdown.now) { signalSession(number, child, spec) }
                let pause = countdown.pause(at: Countdown.now)
                log.wait(for: news, atMost: news < 0 ? min(pause, 1000) : pause)
                takeChildSignals()
            }
        }
        let reason: ExitReason =
            ended.was_signaled == 1 ? .signaled(signal: ended.status) : .exited(code: ended.status)
        let isWell = reason == .exited(code: 0) && !countdown.hasBegun
        let exit = ExitRecord(
            reason, message: isWell ? nil : endReason(spec, hasTimedOut: countdown.hasBegun),
            helpers: helperCount(besides: child), at: .now)
        return (exit, countdown.hasBegun)
    }

    private static var childEnded: sigset_t {
        var set = sigset_t()
        sigemptyset(&set)
        sigaddset(&set, SIGCHLD)
        return set
    }

    /// A descriptor that is readable when a child may have ended, or -errno.
    private static func childSignals() -> Int32 {
        var set = childEnded
        pthread_sigmask(SIG_BLOCK, &set, nil)
        return cprocess_signal_descriptor(&set)
    }

    private static func takeChildSignals() {
        var set = childEnded
        while cprocess_take_signal(&set) > 0 {}
    }

    /// The number of processes that the session leaves to this monitor.
    private static func helperCount(besides child: Int32) -> Int? { children()?.count { $0 != child } }

    /// nil if the kernel does not list children.
    private static func children() -> [Int32]? {
        guard let bytes = readFile("/proc/self/task/\(getpid())/children") else { return nil }
        return String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap { Int32($0) }
    }

    private static func recordExit(
        _ exit: ExitRecord, _ spec: LaunchSpec, in store: MonitorStore
    ) throws(StoreError) {
        try store.write { store throws(StoreError) in _ = try store.recordExit(spec.launchID, exit) }
    }

    /// Sends the runner a line, if it still listens, and closes the pipe.
    private static func report(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(statusDescriptor, bytes, bytes.count)
        close(statusDescriptor)
    }

    /// Writes to standard error, which is the session's log.
    static func complain(_ text: String) {
        let bytes = Array("hapi monitor: \(text)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }
}
