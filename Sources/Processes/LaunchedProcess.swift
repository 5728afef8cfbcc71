import CProcess
import Glibc
import Synchronization

/// A child of this process. Only this object reaps it; until then its pid and its process group cannot be
/// reused.
package final class LaunchedProcess: Sendable {
    package let pid: Int32
    /// A pidfd; nil if none could be opened. The process is then polled.
    private let descriptor: OwnedDescriptor?
    private let exit = Mutex<ChildExit?>(nil)

    package convenience init(pid: Int32) { self.init(pid: pid, open: cprocess_pidfd_open) }

    /// - Parameter open: opens a pidfd, or returns a negated errno.
    init(pid: Int32, open: (Int32) -> Int32) {
        self.pid = pid
        let descriptor = open(pid)
        self.descriptor = descriptor < 0 ? nil : OwnedDescriptor(descriptor)
    }

    /// Its identity; nil if `/proc` cannot be read. Only valid until it is reaped.
    package var identity: ProcessIdentity? { ProcessTable.identity(of: pid) }

    /// Sends a signal. False if it was reaped or may not be signalled.
    @discardableResult
    package func signal(_ signal: Int32) -> Bool {
        exit.withLock { $0 == nil && kill(pid, signal) == 0 }
    }

    /// Signals the process group that it leads.
    package func signalGroup(_ signal: Int32) {
        exit.withLock { if $0 == nil { kill(-pid, signal) } }
    }

    package var hasEnded: Bool {
        exit.withLock { $0 != nil || cprocess_child_has_ended(pid) != 0 }
    }

    /// Reaps it and returns its exit; nil if it has not ended.
    @discardableResult
    package func reap() -> ChildExit? {
        exit.withLock { exit in
            if exit == nil { exit = ChildExit.reaping(pid) }
            return exit
        }
    }

    /// Kills it, and reaps it if it ends in time. Blocks the calling thread, so only for processes that end
    /// at once.
    package func killAndReap(within patience: Duration) {
        signal(SIGKILL)
        let deadline = ContinuousClock.now + patience
        while reap() == nil && ContinuousClock.now < deadline { usleep(1000) }
    }

    /// Returns when it has ended, or when the calling task is cancelled.
    package func ended() async {
        var pause = Duration.milliseconds(2)
        while !hasEnded && !Task.isCancelled {
            if let descriptor {
                await waitUntilReadable(descriptor.number)
            } else {
                // The sleep fails only when cancelled, which ends the loop.
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            }
        }
    }

    /// Waits for its end; false if `patience` is over first, or the task is cancelled.
    package func ended(within patience: Duration) async -> Bool {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ended() }
            // Cancelled when the process has ended.
            group.addTask { try? await Task.sleep(for: patience) }
            await group.next()
            group.cancelAll()
            return hasEnded
        }
    }

    /// Waits for its end and reaps it; nil if the calling task is cancelled first.
    package func waitForExit() async -> ChildExit? {
        await ended()
        return reap()
    }
}

extension ProcessLaunch {
    /// Starts the program without blocking the calling thread, as exec would on a file system that does not
    /// answer. Returns nil if `patience` is over or the caller is cancelled first; if the program starts
    /// later, it is killed at once.
    ///
    /// - Parameter owners: objects that keep the launch's descriptors open.
    package func started(
        within patience: Duration? = nil, keeping owners: [any AnyObject & Sendable] = []
    ) async throws(LaunchError) -> LaunchedProcess? {
        let started = await BlockingWork.run(within: patience) {
            withExtendedLifetime(owners) {
                Result { () throws(LaunchError) in LaunchedProcess(pid: try start()) }
            }
        } abandoned: { late in
            guard case .success(let process) = late else { return }
            process.signal(SIGKILL)
            process.signalGroup(SIGKILL)
            while process.reap() == nil { usleep(10_000) }
        }
        return try started?.get()
    }
}
