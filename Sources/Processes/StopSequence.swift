import Glibc

/// A way of ending processes: each step signals all that are left, in parallel, and waits for its grace
/// period.
package struct StopSequence: Sendable {
    package struct Step: Sendable {
        package let signal: Int32
        package let grace: Duration

        package init(signal: Int32, grace: Duration) { (self.signal, self.grace) = (signal, grace) }
    }

    package let steps: [Step]

    package init(steps: [Step]) { self.steps = steps }

    package static let standard = StopSequence(steps: [
        Step(signal: SIGTERM, grace: .seconds(5)),
        Step(signal: SIGKILL, grace: .seconds(2)),
    ])

    /// Ends the processes that `tree` finds. Looks again before each step for new ones, and repeats SIGKILL
    /// until none is found. Returns the processes that still exist.
    package func run(_ tree: @Sendable () async -> [ProcessIdentity]) async -> [ProcessIdentity] {
        var held: [ProcessIdentity: ProcessDescriptor] = [:]
        func look() async -> [ProcessDescriptor] {
            for identity in await tree() where held[identity] == nil {
                held[identity] = ProcessDescriptor(identity)
            }
            return held.values.filter { !$0.hasEnded }
        }
        for step in steps {
            let deadline = ContinuousClock.now + step.grace
            repeat {
                var left = await look()
                // Looks twice, because a child may be missing from the list while another one exits, proc(5).
                if left.isEmpty { left = await look() }
                if left.isEmpty { return [] }
                for process in left {
                    process.signal(step.signal)
                    // A suspended process only handles other signals once it is continued.
                    process.signal(SIGCONT)
                }
                _ = await allEnded(left, within: deadline - .now)
                // If the runner is stopping, the next runner continues the stop; nothing is killed early.
                if Task.isCancelled { return left.filter { !$0.hasEnded }.map(\.identity) }
            } while step.signal == SIGKILL && ContinuousClock.now < deadline
        }
        return await look().map(\.identity)
    }

    /// Ends a child with its process group and reaps it. Every step signals the group, because other members
    /// may outlive the child. Not interrupted by cancellation.
    package func run(group leader: LaunchedProcess) async {
        // In a separate task, because waiting in a cancelled one would return at once.
        await Task {
            for step in steps {
                leader.signalGroup(step.signal)
                leader.signalGroup(SIGCONT)
                _ = await leader.ended(within: step.grace)
            }
        }.value
        // A child that still does not end becomes a zombie later; nothing waits for it.
        leader.reap()
    }
}
