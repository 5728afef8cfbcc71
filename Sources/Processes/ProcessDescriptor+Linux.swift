import CProcess
import Glibc

/// Holds on to one process: signals it and tells its end, whoever has its pid later.
///
/// By a pidfd, where the system gives one. Where it does not (a kernel before 5.3, a sandbox that forbids
/// it, no free descriptor), the process is identified anew at each use and looked at in intervals.
package final class ProcessDescriptor: Sendable {
    package let identity: ProcessIdentity
    private let descriptor: Int32?

    /// nil if the process is gone. The descriptor is opened before the start time is compared, so
    /// that it cannot stand for a later process.
    ///
    package convenience init?(_ identity: ProcessIdentity) {
        self.init(identity, open: cprocess_pidfd_open)
    }

    /// - Parameter open: opens a pidfd, or returns a negated errno.
    init?(_ identity: ProcessIdentity, open: (Int32) -> Int32) {
        guard identity.pid > 0 else { return nil }
        let descriptor = open(identity.pid)
        self.identity = identity
        self.descriptor = descriptor < 0 ? nil : descriptor
        if descriptor == -ESRCH || Presence.of(identity) == .gone { return nil }
    }

    deinit { if let descriptor { close(descriptor) } }

    /// Sends a signal. False if the process is gone or may not be signalled.
    @discardableResult
    package func signal(_ signal: Int32) -> Bool {
        if let descriptor { return cprocess_pidfd_send_signal(descriptor, signal) == 0 }
        return Presence.of(identity) == .there && kill(identity.pid, signal) == 0
    }

    /// A zombie has ended too.
    package var hasEnded: Bool {
        if let descriptor { return isReadable(descriptor) }
        return [.zombie, .gone].contains(Presence.of(identity))
    }

    /// Whether each has ended (nil: there is none), by one look at all of them: a system call for each of a
    /// thousand would be most of what a list costs.
    package static func haveEnded(_ held: [ProcessDescriptor?]) -> [Bool?] {
        // poll(2) passes over a negative number.
        var looks = held.map { pollfd(fd: $0?.descriptor ?? -1, events: Int16(POLLIN), revents: 0) }
        while poll(&looks, nfds_t(looks.count), 0) < 0 && errno == EINTR {}
        return zip(held, looks).map { process, look in
            process.map { $0.descriptor == nil ? $0.hasEnded : look.revents != 0 }
        }
    }

    /// Returns when the process has ended, or when the calling task is cancelled.
    package func ended() async {
        var pause = Duration.milliseconds(2)
        while !hasEnded && !Task.isCancelled {
            if let descriptor {
                await waitUntilReadable(descriptor)
            } else {
                // Ends early when the task is cancelled.
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            }
        }
    }
}

/// Whether the process with an identity is there, as far as `/proc` and kill(2) tell.
private enum Presence {
    case there, zombie, gone
    /// Somebody has its pid, and cannot be looked at, for want of a descriptor say.
    case unknown

    static func of(_ identity: ProcessIdentity) -> Presence {
        guard let status = ProcessTable.status(of: identity.pid) else {
            return ProcessTable.isVacant(identity.pid) ? .gone : .unknown
        }
        guard status.identity == identity else { return .gone }
        return status.isZombie ? .zombie : .there
    }
}

/// Returns when the process has ended, or when the calling task is cancelled.
package func waitUntilGone(_ process: ProcessIdentity) async { await ProcessDescriptor(process)?.ended() }

/// Returns when the descriptor has something to read, or when the calling task is cancelled; perhaps
/// earlier. The caller keeps the descriptor open until then.
package func waitUntilReadable(_ descriptor: Int32) async {
    await ReadinessLoop.shared.waitUntilReadable(descriptor)
}

/// Returns true when every process has ended, false when `patience` is over first.
package func allEnded(_ processes: [ProcessDescriptor], within patience: Duration) async -> Bool {
    await withTaskGroup(of: Void.self) { group in
        group.addTask { for process in processes { await process.ended() } }
        // Cancelled when all have ended.
        group.addTask { try? await Task.sleep(for: patience) }
        await group.next()
        group.cancelAll()
        return processes.allSatisfy(\.hasEnded)
    }
}
