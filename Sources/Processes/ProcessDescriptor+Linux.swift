import CProcess
import Dispatch
import Glibc

/// Holds on to one process: signals it and tells its end, whoever has its pid later.
package final class ProcessDescriptor: Sendable {
    package let identity: ProcessIdentity
    private let descriptor: Int32

    /// nil if the process is gone. The descriptor is opened before the start time is compared, so
    /// that it cannot stand for a later process.
    package init?(_ identity: ProcessIdentity) {
        let descriptor = cprocess_pidfd_open(identity.pid)
        guard descriptor >= 0 else { return nil }
        guard ProcessTable.identity(of: identity.pid) == identity else {
            close(descriptor)
            return nil
        }
        self.identity = identity
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Sends a signal. False if the process is gone or may not be signalled.
    @discardableResult
    package func signal(_ signal: Int32) -> Bool { cprocess_pidfd_send_signal(descriptor, signal) == 0 }

    package var hasEnded: Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return Glibc.poll(&poll, 1, 0) > 0
    }

    /// Returns when the process has ended, or when the calling task is cancelled.
    package func ended() async { await waitUntilReadable(descriptor) }
}

/// Waits for a process to end. Where it cannot be held on to, for want of a descriptor say, this is
/// a pause after which to look again.
package func end(of process: ProcessIdentity) async {
    if let held = ProcessDescriptor(process) { return await held.ended() }
    // Ends early when the task is cancelled.
    try? await Task.sleep(for: .milliseconds(200))
}

private let readinessQueue = DispatchQueue(label: "readiness")

/// Returns when the descriptor has something to read, or when the calling task is cancelled. The
/// caller keeps the descriptor open until then.
package func waitUntilReadable(_ descriptor: Int32) async {
    // DispatchSource is thread-safe; its type does not say so.
    nonisolated(unsafe) let source = DispatchSource.makeReadSource(
        fileDescriptor: descriptor, queue: readinessQueue)
    await withTaskCancellationHandler {
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            source.setEventHandler { @Sendable in source.cancel() }
            source.setCancelHandler { @Sendable in continuation.resume() }
            source.resume()
        }
    } onCancel: {
        source.cancel()
    }
}

/// Returns true when every process has ended, false when `patience` is over first.
package func allEnded(_ processes: [ProcessDescriptor], within patience: Duration) async -> Bool {
    await withTaskGroup(of: Bool.self) { group in
        group.addTask {
            for process in processes { await process.ended() }
            return true
        }
        group.addTask {
            // Cancelled when all have ended.
            try? await Task.sleep(for: patience)
            return false
        }
        _ = await group.next()
        group.cancelAll()
        return processes.allSatisfy(\.hasEnded)
    }
}
