import Home
import Logging
import Processes

/// Finds a moment in which the runner can become another program without breaking anything off.
///
/// The gate is closed: no new work begins, reports are still served, and all else waits. What was begun
/// ends soon as a rule; where it does not, those who wait are let in again, and it is tried later.
struct QuietMoment: Sendable {
    /// How long others are kept waiting for one, at most.
    static let patience = Duration.milliseconds(800)
    static let pauses = [1, 1, 2, 2, 4].map { Duration.seconds($0) }

    let gate: WorkGate
    let control: ControlServer
    let supervisor: SessionSupervisor
    let stopRequests: StopRequests
    let searchPath: OneShot<String?>
    let logger: Logger

    /// What goes on with the next image; nil if the runner is too busy now, or is to end.
    /// After a success nothing is accepted or begun any more.
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
        logger.notice("too busy to be renewed; tried again at the next heartbeat")
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
