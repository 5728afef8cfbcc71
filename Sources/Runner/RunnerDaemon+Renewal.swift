import Glibc
import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// Replacing this image by another program, and returning to the previous one.
extension RunnerDaemon {
    /// Replaces this image by the program on disk, which keeps the pid, the lock and the listening socket.
    /// Returns only on failure, with the reason.
    func become(
        _ lock: RunnerLock, _ listener: ListeningSocket, _ handover: Handover, _ logger: Logger
    ) -> any Error {
        let program = ProgramFile.current.path
        logger.info("switching to the new program", metadata: ["program": "\(program)"])
        var inheritance = Inheritance(lock: lock.inheritable, listener: listener.descriptor, program: program)
        inheritance.connections = HeldConnection.leave(handover.connections)
        inheritance.searchPath = handover.searchPath
        do {
            try RenewalGuard.start(for: &inheritance, arguments, configuration.environment)
        } catch {
            // Without a guard the new program is not tried. This program re-executes itself and reports the
            // failure, as one that was restored.
            inheritance.failure = "no guard could be started: \(error)"
            let code = inheritance.become("/proc/self/exe", arguments, configuration.environment)
            return FileError.cannotRun(program, code)
        }
        let previous = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        inheritance.previous = previous >= 0 ? previous : nil
        CrashPoint.reached("renewal")
        let code = inheritance.become(program, arguments, configuration.environment)
        // The old image re-executes itself and reports the failure, as one that was restored.
        inheritance.failure = FileError.cannotRun(program, code).description
        let second = inheritance.become("/proc/self/exe", arguments, configuration.environment)
        return FileError.cannotRun(program, second)
    }

    /// Restores the program that this image replaced, if there is one. Returns if there is none or on
    /// failure; the guard then takes over.
    func goBack(because failure: String, _ logger: Logger) {
        guard var inheritance = Inheritance.own, let previous = inheritance.previous,
            inheritance.failure == nil,
            !Inheritance.isSettled.withLock({ $0 }),
            fcntl(previous, F_GETFD) >= 0
        else { return }
        logger.error("restoring the previous program")
        inheritance.failure = failure
        inheritance.previous = nil
        let code = inheritance.become("/proc/self/fd/\(previous)", arguments, configuration.environment)
        logger.error("cannot restore the previous program", metadata: ["error": "\(errorText(code))"])
    }
}
