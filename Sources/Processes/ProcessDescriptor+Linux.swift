import CProcess
import Glibc

/// Refers to one process, even if its pid is reused: signals it and reports its end.
///
/// Uses a pidfd if possible. Otherwise (a kernel before 5.3, a sandbox that forbids it, no free descriptor)
/// it checks the process's identity before each use, and polls.
package final class ProcessDescriptor: Sendable {
    package let identity: ProcessIdentity
    private let descriptor: Int32?

    /// nil if the process is gone. The pidfd is opened before the start time is compared, so it cannot refer
    /// to a later process.
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

    /// Whether it has ended; true for a zombie.
    package var hasEnded: Bool {
        if let descriptor { return isReadable(descriptor) }
        return [.zombie, .gone].contains(Presence.of(identity))
    }

    /// Whether each process has ended, nil for no process, with a single system call: one for each of a
    /// thousand processes would be most of the cost of a list.
    package static func haveEnded(_ held: [ProcessDescriptor?]) -> [Bool?] {
        // poll(2) ignores negative descriptors.
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
                // The sleep fails only when cancelled, which ends the loop.
                try? await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            }
        }
    }
}

/// Whether the process with an identity exists, according to `/proc` and kill(2).
private enum Presence {
    case there, zombie, gone
    /// A process has its pid but cannot be read, for example without a free descriptor.
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

/// Returns when the descriptor is readable or the calling task is cancelled, possibly earlier. The caller
/// must keep the descriptor open meanwhile.
package func waitUntilReadable(_ descriptor: Int32) async {
    await ReadinessLoop.shared.waitUntilReadable(descriptor)
}

/// True when every process has ended, false if `patience` is over first.
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
