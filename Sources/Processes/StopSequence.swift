import Glibc

/// How processes are made to end: each step signals all that are left, in parallel, and gives them time.
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

    /// Ends what `tree` finds, looking again before each step for what was started meanwhile; while it
    /// kills, until a look finds nothing. Returns the processes that are still there.
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
                // A list of children can miss one while another exits, proc(5): one look more.
                if left.isEmpty { left = await look() }
                if left.isEmpty { return [] }
                for process in left {
                    process.signal(step.signal)
                    // One that is suspended hears nothing else.
                    process.signal(SIGCONT)
                }
                _ = await allEnded(left, within: deadline - .now)
                // A runner that stops meanwhile leaves the rest to the next one: nothing is killed early.
                if Task.isCancelled { return left.filter { !$0.hasEnded }.map(\.identity) }
            } while step.signal == SIGKILL && ContinuousClock.now < deadline
        }
        return await look().map(\.identity)
    }

    /// Ends a child and the process group it leads, and reaps it. Every step reaches the group, whose other
    /// members may outlive the child. Goes on where the calling task is cancelled.
    package func run(group leader: LaunchedProcess) async {
        // A task of its own: a cancelled one would not wait.
        await Task {
            for step in steps {
                leader.signalGroup(step.signal)
                leader.signalGroup(SIGCONT)
                _ = await leader.ended(within: step.grace)
            }
        }.value
        // One that even so does not end stays a zombie, and holds up nobody.
        leader.reap()
    }
}
