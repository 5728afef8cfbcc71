import CProcess
import Glibc
import RunnerStore

/// The process above each launched session: it outlives the runner and records how the session ends.
///
/// It is this program under a hidden first argument, taken before anything else is set up, because
/// there is one for each session and it must stay small. It claims its launch, starts the program,
/// records both identities, waits, records the exit, and only then reaps.
public enum Monitor {
    /// The first argument that makes this program a monitor.
    public static let argument = "__monitor"

    static let specDescriptor: Int32 = 3
    static let statusDescriptor: Int32 = 4
    /// The directory the session works in, opened when it was checked.
    static let directoryDescriptor: Int32 = 5

    /// Runs a whole monitor and ends the process.
    public static func run() -> Never {
        // A service manager that stops everything at once must still learn how the session ended.
        cprocess_set_name("hapi-monitor")
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
        let store = try persist { () throws(StoreError) in
            try StoreConnection(path: spec.storePath, mode: .existing)
        }
        let claimed = try persist(for: 300) { () throws(StoreError) in
            try store.claimLaunch(spec.launchID, by: ProcessTable.current, at: .now)
        }
        guard claimed else { return report("withdrawn") }
        CrashPoint.reached("monitor-claimed")
        guard let child = try launch(spec, store) else { return }
        let exit = waitForExit(of: child)
        CrashPoint.reached("monitor-saw-exit")
        try persist { () throws(StoreError) in _ = try store.recordExit(spec.launchID, exit) }
        waitpid(child, nil, 0)
    }

    /// Starts the program and records it. nil: it could not be started, and that is recorded.
    private static func launch(_ spec: LaunchSpec, _ store: StoreConnection) throws(StoreError) -> Int32? {
        let launch = ProcessLaunch(
            program: spec.program, arguments: spec.arguments, environment: spec.environment,
            directory: spec.directory, openedDirectory: directoryDescriptor, output: .append(spec.logPath), errors: .append(spec.logPath))
        do {
            guard directoryIsThere() else {
                throw LaunchError(program: spec.program, directory: spec.directory, code: ENOENT)
            }
            let child = try launch.start()
            close(directoryDescriptor)
            CrashPoint.reached("monitor-launched")
            // A child stays in the table until it is reaped, ended or not.
            let identity = ProcessTable.identity(of: child) ?? ProcessIdentity(pid: child, start: 0)
            try persist { () throws(StoreError) in try store.recordLaunch(spec.launchID, of: identity, at: .now) }
            report("launched \(identity.pid) \(identity.start)")
            return child
        } catch let error as LaunchError {
            let exit = ExitRecord(.launchFailed, message: error.description, at: .now)
            try persist { () throws(StoreError) in _ = try store.recordExit(spec.launchID, exit) }
            report("failed \(error)")
            return nil
        } catch let error as StoreError {
            throw error
        } catch {
            return nil
        }
    }

    /// False if the directory was removed since it was opened.
    private static func directoryIsThere() -> Bool {
        var status = stat()
        return fstat(directoryDescriptor, &status) == 0 && status.st_nlink > 0
    }

    /// Waits for the child's end and leaves it unreaped; reaps its orphaned helpers meanwhile.
    private static func waitForExit(of child: Int32) -> ExitRecord {
        var ended = cprocess_ended()
        while true {
            let code = cprocess_wait_unreaped(&ended)
            if code == -EINTR { continue }
            if code < 0 { return ExitRecord(.vanished, message: "its monitor lost sight of it", at: .now) }
            if ended.pid == child { break }
            waitpid(ended.pid, nil, 0)
        }
        let reason: ExitReason =
            ended.was_signaled == 1 ? .signaled(signal: ended.status) : .exited(code: ended.status)
        return ExitRecord(reason, helpers: helperCount(besides: child), at: .now)
    }

    /// How many processes the session leaves to this monitor.
    private static func helperCount(besides child: Int32) -> Int? {
        guard let bytes = readFile("/proc/self/task/\(getpid())/children") else { return nil }
        let children = String(decoding: bytes, as: UTF8.self).split(separator: " ")
        return children.count { $0 != "\(child)" }
    }

    /// Tries until the store takes it, for `attempts` tenths of a second at most: busy and full
    /// pass, everything else is thrown. A file that is gone is not made anew.
    private static func persist<T>(
        for attempts: Int = .max, _ body: () throws(StoreError) -> T
    ) throws(StoreError) -> T {
        for _ in 1..<attempts {
            do { return try body() } catch where error.isTransient { usleep(100_000) }
        }
        return try body()
    }

    /// Tells the runner, if it still listens, and closes the line.
    private static func report(_ line: String) {
        let bytes = Array("\(line)\n".utf8)
        _ = write(statusDescriptor, bytes, bytes.count)
        close(statusDescriptor)
    }

    /// Standard error is the session's log.
    private static func complain(_ text: String) {
        let bytes = Array("hapi monitor: \(text)\n".utf8)
        _ = write(2, bytes, bytes.count)
    }
}
