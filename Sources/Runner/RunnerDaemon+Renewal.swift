import Glibc
import Home
import HubClient
import Logging
import Monitor
import Processes
import RunnerStore

/// Becoming another program, and going back to the one before.
extension RunnerDaemon {
    /// Replaces this image by the program on disk, which goes on with the pid, the lock and the
    /// listening socket. Returns only if that cannot be done, with the reason.
    func become(
        _ lock: RunnerLock, _ listener: ListeningSocket, _ handover: Handover, _ logger: Logger
    ) -> any Error {
        let program = ProgramFile.current.path
        logger.info("becoming the new program", metadata: ["program": "\(program)"])
        var inheritance = Inheritance(lock: lock.inheritable, listener: listener.descriptor, program: program)
        inheritance.connections = HeldConnection.leave(handover.connections)
        inheritance.searchPath = handover.searchPath
        do {
            try RenewalGuard.start(for: &inheritance, arguments, configuration.environment)
        } catch {
            // Without a guard nothing new is tried: this program goes on, as one that was put back.
            inheritance.failure = "no guard could be started: \(error)"
            let code = inheritance.become("/proc/self/exe", arguments, configuration.environment)
            return FileError.cannotRun(program, code)
        }
        let previous = open("/proc/self/exe", O_RDONLY | O_CLOEXEC)
        inheritance.previous = previous >= 0 ? previous : nil
        CrashPoint.reached("renewal")
        let code = inheritance.become(program, arguments, configuration.environment)
        // The old image goes on: it is told so as one that was put back.
        inheritance.failure = FileError.cannotRun(program, code).description
        let second = inheritance.become("/proc/self/exe", arguments, configuration.environment)
        return FileError.cannotRun(program, second)
    }

    /// Puts the program back that this image came from, if it came from one. Returns only if there is
    /// none, or that fails: then the guard does it.
    func goBack(because failure: String, _ logger: Logger) {
        guard var inheritance = Inheritance.own, let previous = inheritance.previous,
            inheritance.failure == nil,
            !Inheritance.isSettled.withLock({ $0 }),
            fcntl(previous, F_GETFD) >= 0
        else { return }
        logger.error("going back to the program before")
        inheritance.failure = failure
        inheritance.previous = nil
        let code = inheritance.become("/proc/self/fd/\(previous)", arguments, configuration.environment)
        logger.error("cannot go back", metadata: ["error": "\(errorText(code))"])
    }
}
