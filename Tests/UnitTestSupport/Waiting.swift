import Dispatch

/// Runs `body` on a thread outside the cooperative pool, where it may block.
package func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
}

/// Waits until `condition` is true; false if it is not within a minute, because all tests start at once.
package func eventually(_ condition: () throws -> Bool) async rethrows -> Bool {
    let deadline = ContinuousClock.now + .seconds(60)
    while ContinuousClock.now < deadline {
        if try condition() { return true }
        // A cancelled test ends at its next expectation.
        try? await Task.sleep(for: .milliseconds(5))
    }
    return try condition()
}
