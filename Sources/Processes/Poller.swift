import CProcess
import Glibc

/// An epoll instance and the thread that waits on it.
final class Poller: Sendable {
    /// Cannot be a descriptor's tag, because those contain a non-negative number.
    private static let wakeTag = UInt64.max

    private let poller: Int32
    private let event: Int32

    /// nil if descriptors have run out.
    init?() {
        poller = cprocess_poller_open()
        event = cprocess_event_open()
        guard poller >= 0, event >= 0, cprocess_poller_watch(poller, event, Self.wakeTag) == 0 else {
            return nil
        }
    }

    deinit { for descriptor in [poller, event] where descriptor >= 0 { close(descriptor) } }

    /// Reports `tag` once when the descriptor is readable. Returns 0 or a negated errno.
    func watch(_ descriptor: Int32, _ tag: UInt64) -> Int32 { cprocess_poller_watch(poller, descriptor, tag) }

    /// Fails harmlessly if the descriptor was closed meanwhile.
    func forget(_ descriptor: Int32) { _ = cprocess_poller_forget(poller, descriptor) }

    /// Ends the thread.
    func wake() { _ = cprocess_event_signal(event) }

    /// Starts the thread. It calls `body` with the tags of ready descriptors, and `atEnd` before it ends,
    /// when woken or when epoll fails. False if no thread can be created.
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

/// Runs `body` on a new thread that blocks all signals except those of a fault. Returns 0 or an errno.
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
