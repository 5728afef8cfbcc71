import Processes

/// The transitions of a launch. Monitors of older versions run these statements on databases of newer
/// versions, so they use frozen columns only.
extension Writing {
    /// Claims a requested launch for `monitor`. False if it is already claimed or withdrawn; then launch
    /// nothing.
    package func claimLaunch(_ id: String, by monitor: ProcessIdentity, at now: Timestamp) throws(StoreError)
        -> Bool
    {
        try run(
            """
            UPDATE launches SET phase = 'claimed', monitor_pid = ?, monitor_start = ?, claimed_at = ?
            WHERE id = ? AND phase = 'requested'
            """,
            [.init(monitor.pid), .integer(monitor.start), .init(now), .text(id)]) == 1
    }

    /// Records the process of a claimed launch.
    package func recordLaunch(_ id: String, of process: ProcessIdentity, at now: Timestamp) throws(StoreError)
    {
        try run(
            """
            UPDATE launches SET phase = 'launched', pid = ?, start = ?, launched_at = ?
            WHERE id = ? AND phase = 'claimed'
            """,
            [.init(process.pid), .integer(process.start), .init(now), .text(id)])
    }

    /// Records how a launch ended. False if that is already recorded; it then stays unchanged.
    @discardableResult
    package func recordExit(_ id: String, _ exit: ExitRecord) throws(StoreError) -> Bool {
        try run(
            """
            INSERT INTO exits (launch_id, reason, code, signal, message, helpers, at)
            VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (launch_id) DO NOTHING
            """,
            [
                .text(id), .text(exit.reason.name), .init(exit.reason.code), .init(exit.reason.signal),
                .init(exit.message), .init(exit.helpers), .init(exit.at),
            ]) == 1
    }

    /// Ends an unclaimed launch, so that no monitor can claim it. False if a monitor has claimed it.
    package func withdrawLaunch(_ id: String, because message: String, at now: Timestamp) throws(StoreError)
        -> Bool
    {
        let withdrawn = try run(
            "UPDATE launches SET phase = 'withdrawn' WHERE id = ? AND phase = 'requested'", [.text(id)])
        if withdrawn == 1 { try recordExit(id, ExitRecord(.launchFailed, message: message, at: now)) }
        return withdrawn == 1
    }

    func insertLaunch(_ id: String, _ launch: LaunchRecord, at now: Timestamp) throws(StoreError) {
        try run(
            """
            INSERT INTO launches (id, phase, machine, boot_id, pid_namespace, pid, start, requested_at, launched_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(id), .init(launch.phase), .text(launch.host.machine), .text(launch.host.bootID),
                .integer(launch.host.pidNamespace), .init(launch.process?.pid), .init(launch.process?.start),
                .init(now), .init(launch.process == nil ? nil : now),
            ])
    }
}
