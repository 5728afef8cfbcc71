/// A process, named so that a later process with the same pid is somebody else.
public struct ProcessIdentity: Hashable, Sendable {
    public let pid: Int32
    /// Clock ticks since boot at which it started: field 22 of `/proc/<pid>/stat`, proc(5).
    public let start: Int64

    public init(pid: Int32, start: Int64) {
        self.pid = pid
        self.start = start
    }
}

/// Where a process identity holds: one boot of one machine, one pid namespace.
public struct HostIdentity: Hashable, Sendable {
    /// `/etc/machine-id`, or the host's name where there is none.
    public let machine: String
    /// `/proc/sys/kernel/random/boot_id`.
    public let bootID: String
    /// The inode of `/proc/self/ns/pid`.
    public let pidNamespace: Int64

    public init(machine: String, bootID: String, pidNamespace: Int64) {
        self.machine = machine
        self.bootID = bootID
        self.pidNamespace = pidNamespace
    }
}

/// A moment on the wall clock, in milliseconds since 1970 UTC. Never used to measure durations.
public struct Timestamp: Hashable, Comparable, Sendable {
    public let milliseconds: Int64

    public init(milliseconds: Int64) { self.milliseconds = milliseconds }

    public static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }
}
