import Glibc

/// Reads the system's process table.
package enum ProcessTable {
    /// Whether it is known for sure that there is no process with this pid: not being able to look, for
    /// want of a descriptor say, is no such knowledge.
    package static func isVacant(_ pid: Int32) -> Bool {
        kill(pid, 0) != 0 && errno == ESRCH
    }

    /// nil if there is no such process, or it cannot be looked at.
    package static func status(of pid: Int32) -> ProcessStatus? {
        readKernelLine("/proc/\(pid)/stat").flatMap(ProcessStatus.init)
    }

    /// The children of all threads of a process; empty if it is gone. One may be missing while another
    /// exits, proc(5).
    static func children(of pid: Int32) -> [Int32] {
        entries(of: "/proc/\(pid)/task").flatMap { thread in
            (readFile("/proc/\(pid)/task/\(thread)/children") ?? []).split(separator: UInt8(ascii: " "))
                .compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// Whether the kernel lists the children of a process (CONFIG_PROC_CHILDREN).
    static let tellsChildren = access("/proc/self/task/\(getpid())/children", R_OK) == 0

    /// Every process that is visible here.
    package static func all() -> [ProcessStatus] {
        processIDs().compactMap(status(of:))
    }

    /// The process with this pid now; nil if there is none.
    package static func identity(of pid: Int32) -> ProcessIdentity? { status(of: pid)?.identity }

    /// This very process.
    package static let current: ProcessIdentity =
        identity(of: getpid()) ?? ProcessIdentity(pid: getpid(), start: 0)

    /// The arguments, as the process shows them. Empty for a zombie or a stranger's.
    package static func arguments(of pid: Int32) -> [String] {
        (readFile("/proc/\(pid)/cmdline") ?? []).split(separator: 0).map {
            String(systemBytes: $0)
        }
    }

    /// The value of an environment variable as it was when the process was started; nil also where
    /// the process belongs to somebody else.
    package static func environmentValue(_ variable: Variable, of pid: Int32) -> String? {
        environmentValue(variable.rawValue, of: pid)
    }

    package static func environmentValue(_ name: String, of pid: Int32) -> String? {
        let prefix = Array("\(name)=".utf8)
        for entry in (readFile("/proc/\(pid)/environ") ?? []).split(separator: 0)
        where entry.starts(with: prefix) {
            return String(systemBytes: entry.dropFirst(prefix.count))
        }
        return nil
    }

    /// The whole environment as it was when the process was started; nil where it cannot be read.
    package static func environment(of pid: Int32) -> [String: String]? {
        guard let bytes = readFile("/proc/\(pid)/environ"), !bytes.isEmpty else { return nil }
        let entries = bytes.split(separator: 0).compactMap { entry in
            entry.firstIndex(of: UInt8(ascii: "=")).map { mark in
                (String(systemName: entry[..<mark]), String(systemBytes: entry[(mark + 1)...]))
            }
        }
        return Dictionary(entries) { first, _ in first }
    }

    /// The name `ps` and `top` show.
    package static func name(of pid: Int32) -> String? {
        readFile("/proc/\(pid)/comm").map { String(decoding: $0, as: UTF8.self).trimmingWhitespace }
    }

    /// Names this process, whichever thread calls.
    package static func setOwnName(_ name: String) {
        let file = open("/proc/self/task/\(getpid())/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = writeAll(file, Array(name.utf8))
        close(file)
    }

    /// Whether the process is a runner of this user's, ours or HAPI's: its command line holds both words.
    package static func isRunner(_ pid: Int32) -> Bool {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0, status.st_uid == geteuid() else { return false }
        let arguments = arguments(of: pid)
        return arguments.contains("runner") && arguments.contains("start-sync")
    }

    /// The user id that a process has, where that is neither this one's nor root's; nil also where nobody tells.
    package static func otherUser(of pid: Int32) -> UInt32? {
        let status = String(decoding: readFile("/proc/\(pid)/status") ?? [], as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        // Real, effective, saved and file system id, proc(5).
        let id = line?.split(whereSeparator: \.isWhitespace).dropFirst(2).first.flatMap { UInt32($0) }
        return id == 0 || id == geteuid() ? nil : id
    }

    /// The inodes of the sockets the process holds open.
    package static func socketInodes(of pid: Int32) -> Set<UInt64> {
        var inodes: Set<UInt64> = []
        for descriptor in entries(of: "/proc/\(pid)/fd") {
            guard let target = linkTarget("/proc/\(pid)/fd/\(descriptor)"), target.hasPrefix("socket:["),
                let inode = UInt64(target.dropFirst(8).dropLast())
            else { continue }
            inodes.insert(inode)
        }
        return inodes
    }

    package static func processIDs() -> [Int32] { entries(of: "/proc").compactMap { Int32($0) } }
}

extension ProcessIdentity {
    /// For how many seconds a living process of this boot has been there. Its start is counted from the
    /// boot and by the boot clock, proc(5): whoever sets the wall clock changes nothing here.
    package var secondsAlive: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return max(0, Int64(now.tv_sec) - start / Int64(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }
}

extension ProcessTable {
    /// The name of each session's monitor, as `ps` shows it.
    package static let monitorName = "hapi-monitor"

    /// Reaps the monitors among this process's children that have ended: those of an image before this one
    /// have nobody else to do it. Children that others wait for are left alone.
    package static func reapMonitors() {
        for task in entries(of: "/proc/self/task") {
            guard let bytes = readFile("/proc/self/task/\(task)/children") else { continue }
            for pid in String(decoding: bytes, as: UTF8.self).split(separator: " ").compactMap({ Int32($0) })
            where status(of: pid)?.isZombie == true && name(of: pid) == monitorName {
                waitpid(pid, nil, WNOHANG)
            }
        }
    }
}

/// Reaps a child of this process that has ended. Nothing happens if it is nobody's child here.
package func reap(_ child: ProcessIdentity) {
    guard let status = ProcessTable.status(of: child.pid), status.identity == child, status.isZombie else {
        return
    }
    waitpid(child.pid, nil, WNOHANG)
}
