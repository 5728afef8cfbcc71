import Glibc

/// How a tree of processes is made to end: each step signals all that are left, in parallel, and
/// gives them time.
package struct StopSequence: Sendable {
    package struct Step: Sendable {
        package let signal: Int32
        package let grace: Duration
    }

    package let steps: [Step]

    package static let standard = StopSequence(steps: [
        Step(signal: SIGTERM, grace: .seconds(5)),
        Step(signal: SIGKILL, grace: .seconds(2)),
    ])

    /// Ends what `tree` finds, looking again before each step for what was started meanwhile; while it
    /// kills, until a look finds nothing. Returns the processes that are still there.
    package func run(_ tree: @Sendable () -> [ProcessIdentity]) async -> [ProcessIdentity] {
        var held: [ProcessIdentity: ProcessDescriptor] = [:]
        // For want of a descriptor, say.
        var unheld: [ProcessIdentity] = []
        func left() -> [ProcessDescriptor] {
            unheld = []
            for identity in tree() where held[identity] == nil {
                held[identity] = ProcessDescriptor(identity)
                if held[identity] == nil && ProcessTable.identity(of: identity.pid) == identity {
                    unheld.append(identity)
                }
            }
            return held.values.filter { !$0.hasEnded }
        }
        for step in steps {
            let deadline = ContinuousClock.now + step.grace
            repeat {
                let left = left()
                if left.isEmpty { return unheld }
                for process in left {
                    process.signal(step.signal)
                    // One that is suspended hears nothing else.
                    process.signal(SIGCONT)
                }
                _ = await allEnded(left, within: deadline - .now)
                // A runner that stops meanwhile leaves the rest to the next one: nothing is killed early.
                if Task.isCancelled { return left.filter { !$0.hasEnded }.map(\.identity) + unheld }
            } while step.signal == SIGKILL && ContinuousClock.now < deadline
        }
        return left().map(\.identity) + unheld
    }
}
