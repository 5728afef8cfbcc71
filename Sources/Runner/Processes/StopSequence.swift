import Glibc
import RunnerStore

/// How a tree of processes is made to end: each step signals all that are left, in parallel, and
/// gives them time.
struct StopSequence: Sendable {
    struct Step: Sendable {
        let signal: Int32
        let grace: Duration
    }

    let steps: [Step]

    static let standard = StopSequence(steps: [
        Step(signal: SIGTERM, grace: .seconds(5)),
        Step(signal: SIGKILL, grace: .milliseconds(1500)),
        // For what was started while the rest was killed.
        Step(signal: SIGKILL, grace: .milliseconds(500)),
    ])

    /// Ends what `tree` finds, looking again before each step for what was started meanwhile.
    /// Returns the processes that are still there.
    func run(_ tree: @Sendable () -> [ProcessIdentity]) async -> [ProcessIdentity] {
        var held: [ProcessIdentity: ProcessDescriptor] = [:]
        for step in steps {
            for identity in tree() where held[identity] == nil {
                held[identity] = ProcessDescriptor(identity)
            }
            let left = held.values.filter { !$0.hasEnded }
            if left.isEmpty { break }
            for process in left {
                process.signal(step.signal)
                // One that is suspended hears nothing else.
                process.signal(SIGCONT)
            }
            _ = await allEnded(left, within: step.grace)
            // A runner that stops meanwhile leaves the rest to the next one: nothing is killed early.
            if Task.isCancelled { break }
        }
        return held.values.filter { !$0.hasEnded }.map(\.identity)
    }
}
