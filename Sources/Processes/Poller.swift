import CProcess
import Glibc

/// An epoll and the thread that waits on it.
final class Poller: Sendable {
    /// Never a descriptor's tag: those hold a number from 0 up.
    private static let wakeTag = UInt64.max

    private let poller: Int32
    private let event: Int32

    /// nil where the system has no descriptor left to give.
    init?() {
        poller = cprocess_poller_open()
        event = cprocess_event_open()
        guard poller >= 0, event >= 0, cprocess_poller_watch(poller, event, Self.wakeTag) == 0 else {
            return nil
        }
    }

    deinit { for descriptor in [poller, event] where descriptor >= 0 { close(descriptor) } }

    /// Has `tag` reported once, when the descriptor is readable. 0 or a negated errno.
    func watch(_ descriptor: Int32, _ tag: UInt64) -> Int32 { cprocess_poller_watch(poller, descriptor, tag) }

    /// One that was closed meanwhile is forgotten already.
    func forget(_ descriptor: Int32) { _ = cprocess_poller_forget(poller, descriptor) }

    /// Ends the thread.
    func wake() { _ = cprocess_event_signal(event) }

    /// Starts the thread. It calls `body` with the tags of what is ready, and `atEnd` before it ends,
    /// when woken or when epoll fails. False: no thread can be made.
    func run(_ body: @escaping @Sendable ([UInt64]) -> Void, atEnd: @escaping @Sendable () -> Void) -> Bool {
        let code = startThread("readiness") { [self] in
            var tags = [UInt64](repeating: 0, count: 64)
            while true {
                let count = cprocess_poller_wait(poller, &tags, Int32(tags.count))
                if count == -EINTR { continue }
                guard count >= 0 else { break }
                let ready = tags.prefix(Int(count))
                body(ready.filter { $0 != Self.wakeTag })
                if ready.contains(Self.wakeTag) { break }
            }
            atEnd()
        }
        return code == 0
    }
}

/// Runs `body` on a thread of its own, which blocks all signals but those that tell a fault. 0 or an errno.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) -> Int32 {
    let box = Unmanaged.passRetained(ThreadBody(body))
    let code = cprocess_start_thread(
        name, { Unmanaged<ThreadBody>.fromOpaque($0).takeRetainedValue().run() }, box.toOpaque())
    if code != 0 { box.release() }
    return code
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
