/// Identifies a process such that a later process with the same pid is a different one.
package struct ProcessIdentity: Hashable, Sendable {
    package let pid: Int32
    /// Clock ticks since boot at which it started: field 22 of `/proc/<pid>/stat`, proc(5).
    package let start: Int64

    package init(pid: Int32, start: Int64) {
        self.pid = pid
        self.start = start
    }
}

/// The scope of a process identity: one boot of one machine, one pid namespace.
package struct HostIdentity: Hashable, Sendable {
    /// `/etc/machine-id`, or the host name if there is none.
    package let machine: String
    /// `/proc/sys/kernel/random/boot_id`.
    package let bootID: String
    /// The inode of `/proc/self/ns/pid`.
    package let pidNamespace: Int64

    package init(machine: String, bootID: String, pidNamespace: Int64) {
        self.machine = machine
        self.bootID = bootID
        self.pidNamespace = pidNamespace
    }
}
