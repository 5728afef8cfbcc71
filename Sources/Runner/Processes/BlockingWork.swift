import Dispatch

/// Runs what may block without end, as a look at a network file system may, on a thread of its own: it
/// then keeps its caller waiting and nobody else. nil if the caller is cancelled first; the thread is left
/// behind.
func blocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value? {
    let result = OneShot<Value>()
    // A queue of its own, for the threads that queues share are limited in number.
    DispatchQueue(label: "blocking-work").async { result.set(body()) }
    return await result.wait()
}
