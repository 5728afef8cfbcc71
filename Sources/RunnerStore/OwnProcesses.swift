import Processes

extension Reading {
    /// The runners and monitors that are not recorded as ended, except for the monitor of `launch`. They may
    /// be descendants of its session, if a runner was started from inside it, but don't belong to it. Only of
    /// this host, because elsewhere the pids mean other processes.
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
