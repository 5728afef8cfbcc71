import Synchronization
import Testing

package typealias SourceLocation = Testing.SourceLocation

/// A condition did not become true in time.
package struct TimedOut: Error, CustomStringConvertible {
    package let description: String
}

/// Waits until `probe` returns a value.
@discardableResult
package func eventually<Value>(
    _ what: String, within patience: Duration = .seconds(15), _ location: SourceLocation = #_sourceLocation,
    isolation: isolated (any Actor)? = #isolation, _ probe: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + patience
    while true {
        if let value = try await probe() { return value }
        guard ContinuousClock.now < deadline else {
            throw TimedOut(description: "waited \(patience) in vain for \(what), at \(location)")
        }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// Waits until `condition` is true.
package func eventually(
    _ what: String, within patience: Duration = .seconds(15), _ location: SourceLocation = #_sourceLocation,
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    try await eventually(what, within: patience, location) { try await condition() ? true : nil }
}

/// Expects that `condition` stays true for a while.
package func always(
    _ what: Comment, for span: Duration, _ location: SourceLocation = #_sourceLocation,
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + span
    while ContinuousClock.now < end {
        guard try await condition() else {
            Issue.record(what, sourceLocation: location)
            return
        }
        try await Task.sleep(for: .milliseconds(20))
    }
}

/// A flag that is set once, from one task for another.
package final class OneTimeFlag: Sendable {
    private let flag = Mutex(false)

    package init() {}
    package var isSet: Bool { flag.withLock { $0 } }
    package func set() { flag.withLock { $0 = true } }
}
