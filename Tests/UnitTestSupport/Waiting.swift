import Dispatch

/// Runs `body` on a thread outside the cooperative pool, where it may block.
package func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}

/// Waits until `condition` holds; false if it does not within a minute: at their start all tests want the machine.
package func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        // A cancelled test ends at its next expectation.
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try condition()
}
