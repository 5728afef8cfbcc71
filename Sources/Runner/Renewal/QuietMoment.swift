import Home
import Logging
import Processes

/// Finds a moment in which the runner can replace itself without interrupting anything.
///
/// Closes the gate: no new work starts, reports are still served, and everything else waits. Work in progress
/// usually ends soon. If it does not, the gate is opened again and the renewal is retried later.
struct QuietMoment: Sendable {
    /// How long new work is kept waiting at most.
    static let patience = Duration.milliseconds(800)
    static let pauses = [1, 1, 2, 2, 4].map { Duration.seconds($0) }

    let gate: WorkGate
    let control: ControlServer
    let supervisor: SessionSupervisor
    let stopRequests: StopRequests
    let searchPath: OneShot<String?>
    let logger: Logger

    /// What the next image gets; nil if the runner is too busy now, or is to end. After success nothing is
    /// accepted or started any more.
    func find() async -> Handover? {
        for pause in Self.pauses {
            gate.close()
            if await comes(within: Self.patience),
                let held = await control.handOver(within: .milliseconds(200))
            {
                return Handover(connections: held, searchPath: searchPath.value.map { $0 ?? "" })
            }
            gate.open()
            control.carryOn()
            guard await stopRequests.end.wait(for: pause) == nil, !Task.isCancelled else { return nil }
        }
        logger.notice("too busy to switch to the new program; trying again at the next heartbeat")
        return nil
    }

    private func comes(within patience: Duration) async -> Bool {
        let deadline = ContinuousClock.now + patience
        while true {
            if stopRequests.end.value != nil { return false }
            if gate.isQuiet, supervisor.isQuiet { return true }
            guard ContinuousClock.now < deadline, (try? await Task.sleep(for: .milliseconds(5))) != nil
            else { return false }
        }
    }
}
