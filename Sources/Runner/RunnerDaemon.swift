import CProcess
import Glibc
import Home
import Logging
import Processes

/// The runner process: its home, lock and log, and one ``RunnerLife``.
package struct RunnerDaemon: Sendable {
    let configuration: Configuration
    let roots: WorkspaceRoots
    let directoryPolicy: DirectoryPolicy
    let resumesAfterReboot: Bool
    /// The arguments it was started with, without the program's name.
    let arguments: [String]
    let announce: @Sendable (String) -> Void

    /// - Parameters:
    ///   - directoryPolicy: nil for the policy in the settings.
    ///   - resumesAfterReboot: false to do as the settings say.
    ///   - announce: prints to the terminal, if there is one, that the runner is up.
    package init(
        configuration: Configuration, roots: WorkspaceRoots, directoryPolicy: DirectoryPolicy?,
        resumesAfterReboot: Bool, arguments: [String], announce: @escaping @Sendable (String) -> Void
    ) {
        self.configuration = configuration
        self.roots = roots
        self.directoryPolicy = directoryPolicy ?? configuration.directoryPolicy
        self.resumesAfterReboot = resumesAfterReboot || configuration.resumesAfterReboot
        self.arguments = arguments
        self.announce = announce
    }

    /// Runs until it is told to stop. Throws ``RunnerLockHeld`` if another runner has this home, or the error
    /// that ended the runner.
    package func run() async throws {
        let home = configuration.home
        try home.create()
        prepareProcess()
        guard let lock = try await takeLock() else { throw RunnerLockHeld(home: home) }
        let startedAt = Timestamp.now
        let logPath = home.runnerLog(pid: getpid(), at: startedAt)
        let sink = try LogSink(
            path: logPath, echoing: configuration.supervised || Self.isInContainer)
        sink.takeStandardError()
        cprocess_speak_of_crashes()
        let logger = Logger(label: "runner") { _ in LogFile(sink, level: configuration.logLevel) }
        logger.info("starting", metadata: ["version": "\(ProgramFile.version)", "home": "\(home.path)"])
        for warning in configuration.warnings { logger.warning("\(warning)") }
        do {
            try await RunnerLife.begin(self, lock, startedAt: startedAt, logPath: logPath, logger)
                .live()
        } catch {
            logger.critical("the runner failed", metadata: ["error": "\(error)"])
            goBack(because: "\(error)", logger)
            leave(lock)
            sink.returnStandardError()
            throw error
        }
        CrashPoint.reached("shutdown-recorded")
        leave(lock)
        logger.info("stopped")
    }

    private func leave(_ lock: RunnerLock) {
        StateFile.remove(configuration.home, ifOwnedBy: getpid())
        lock.removeFile()
    }

    private func prepareProcess() {
        // Resolved before the chdir: the program may have been started by a relative path.
        _ = ProgramFile.current
        chdir("/")
        ProcessTable.setOwnName(RunnerPresence.processName)
        signal(SIGPIPE, SIG_IGN)
        raiseDescriptorLimit()
        BlockingWork.prepare()
        ReadinessLoop.shared.prepare()
    }

    /// Each session needs two descriptors. Child processes inherit the limit.
    private func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0,
            limit.rlim_cur < min(limit.rlim_max, 65536)
        else { return }
        limit.rlim_cur = min(limit.rlim_max, 65536)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Whether it is a container's main program, or a child of its init, so that `docker logs` shows standard
    /// output.
    private static var isInContainer: Bool {
        (getpid() == 1 || getppid() == 1)
            && ["/.dockerenv", "/run/.containerenv"].contains { (path: String) in access(path, F_OK) == 0 }
    }

    private func takeLock() async throws -> RunnerLock? {
        if let inherited = Inheritance.own,
            let lock = RunnerLock(inherited: inherited.lock, configuration.home)
        {
            return lock
        }
        return try await RunnerLock.acquirePatiently(configuration.home)
    }
}

/// Another runner has the home.
package struct RunnerLockHeld: Error, CustomStringConvertible {
    let home: RunnerHome
    package var description: String { "another runner is running for \(home.path)" }
}
