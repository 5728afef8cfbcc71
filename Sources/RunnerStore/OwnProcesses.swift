import Processes

extension Reading {
    /// The runners and the monitors that are on record as not ended, but for the monitor of `launch`. They
    /// may stand below its session, because someone may have started a runner from inside it, and are
    /// none of it.
    package func ownProcesses(besides launch: String) throws(StoreError) -> Set<ProcessIdentity> {
        let processes = try rows(
            """
            SELECT pid, start FROM runners WHERE end_reason IS NULL
            UNION
            SELECT l.monitor_pid, l.monitor_start FROM sessions s JOIN launches l ON l.id = s.id
            WHERE s.ended_at IS NULL AND l.monitor_pid IS NOT NULL AND l.id <> ?
            """, [.text(launch)]
        ) { $0.process("pid", "start") }
        return Set(processes)
    }
}
