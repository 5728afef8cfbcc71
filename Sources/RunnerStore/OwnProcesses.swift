import Processes

extension Reading {
    /// The runners and the monitors that are on record as not ended, but for the monitor of `launch`. They
    /// may stand below its session, because someone may have started a runner from inside it, and are
    /// none of it. Only this host's: elsewhere the same numbers are another process.
    package func ownProcesses(
        besides launch: String, at host: HostIdentity = .current
    ) throws(StoreError) -> Set<ProcessIdentity> {
        let processes = try rows(
            """
            SELECT pid, start FROM runners
            WHERE end_reason IS NULL AND machine = ?2 AND boot_id = ?3 AND pid_namespace = ?4
            UNION
            SELECT l.monitor_pid, l.monitor_start FROM sessions s JOIN launches l ON l.id = s.id
            WHERE s.ended_at IS NULL AND l.monitor_pid IS NOT NULL AND l.id <> ?1
                AND l.machine = ?2 AND l.boot_id = ?3 AND l.pid_namespace = ?4
            """,
            [.text(launch), .text(host.machine), .text(host.bootID), .integer(host.pidNamespace)]
        ) { $0.process("pid", "start") }
        return Set(processes)
    }
}
