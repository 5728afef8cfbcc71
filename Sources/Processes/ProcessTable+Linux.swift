import Glibc

/// Reads the system's process table.
package enum ProcessTable {
    /// Whether there is certainly no process with this pid. False if that cannot be checked.
    package static func isVacant(_ pid: Int32) -> Bool {
        kill(pid, 0) != 0 && errno == ESRCH
    }

    /// nil if there is no such process, or it cannot be read.
    package static func status(of pid: Int32) -> ProcessStatus? {
        readKernelLine("/proc/\(pid)/stat").flatMap(ProcessStatus.init)
    }

    /// The children of all threads of a process; empty if it is gone. A child may be missing while another
    /// one exits, proc(5).
    static func children(of pid: Int32) -> [Int32] {
        entries(of: "/proc/\(pid)/task").flatMap { thread in
            (readFile("/proc/\(pid)/task/\(thread)/children") ?? []).split(separator: UInt8(ascii: " "))
                .compactMap { Int32(String(decoding: $0, as: UTF8.self)) }
        }
    }

    /// Whether the kernel lists children (CONFIG_PROC_CHILDREN).
    static let tellsChildren = access("/proc/self/task/\(getpid())/children", R_OK) == 0

    /// Every visible process.
    package static func all() -> [ProcessStatus] {
        processIDs().compactMap(status(of:))
    }

    /// The process that has this pid now; nil if there is none.
    package static func identity(of pid: Int32) -> ProcessIdentity? { status(of: pid)?.identity }

    /// This process.
    package static let current: ProcessIdentity =
        identity(of: getpid()) ?? ProcessIdentity(pid: getpid(), start: 0)

    /// The command line. Empty for a zombie or another user's process.
    package static func arguments(of pid: Int32) -> [String] {
        (readFile("/proc/\(pid)/cmdline") ?? []).split(separator: 0).map {
            String(systemBytes: $0)
        }
    }

    /// The value of an environment variable at the start of the process; nil also for another user's process.
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

    /// The environment at the start of the process; nil if it cannot be read.
    package static func environment(of pid: Int32) -> [String: String]? {
        guard let bytes = readFile("/proc/\(pid)/environ"), !bytes.isEmpty else { return nil }
        let entries = bytes.split(separator: 0).compactMap { entry in
            entry.firstIndex(of: UInt8(ascii: "=")).map { mark in
                (String(systemName: entry[..<mark]), String(systemBytes: entry[(mark + 1)...]))
            }
        }
        return Dictionary(entries) { first, _ in first }
    }

    /// The name that `ps` and `top` show.
    package static func name(of pid: Int32) -> String? {
        readFile("/proc/\(pid)/comm").map { String(decoding: $0, as: UTF8.self).trimmingWhitespace }
    }

    /// Sets the name of this process, from any thread.
    package static func setOwnName(_ name: String) {
        let file = open("/proc/self/task/\(getpid())/comm", O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = writeAll(file, Array(name.utf8))
        close(file)
    }

    /// Whether the process is this user's runner, ours or HAPI's: its command line contains both words.
    package static func isRunner(_ pid: Int32) -> Bool {
        var status = stat()
        guard stat("/proc/\(pid)", &status) == 0, status.st_uid == geteuid() else { return false }
        let arguments = arguments(of: pid)
        return arguments.contains("runner") && arguments.contains("start-sync")
    }

    /// The effective user id of a process if it is neither this user's nor root's; nil also if it cannot be
    /// read.
    package static func otherUser(of pid: Int32) -> UInt32? {
        let status = String(decoding: readFile("/proc/\(pid)/status") ?? [], as: UTF8.self)
        let line = status.split(separator: "\n").first { $0.hasPrefix("Uid:") }
        // Real, effective, saved and file system user id, proc(5).
        let id = line?.split(whereSeparator: \.isWhitespace).dropFirst(2).first.flatMap { UInt32($0) }
        return id == 0 || id == geteuid() ? nil : id
    }

    /// The inodes of the process's open sockets.
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
    /// How long a live process of this boot has existed, in seconds. Measured by the boot clock, proc(5), so
    /// that changes of the wall clock don't matter.
    package var secondsAlive: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_BOOTTIME, &now)
        return max(0, Int64(now.tv_sec) - start / Int64(max(1, sysconf(Int32(_SC_CLK_TCK)))))
    }
}

extension ProcessTable {
    /// The name of session monitors in `ps`.
    package static let monitorName = "hapi-monitor"

    /// Reaps ended monitors among this process's children: those that an earlier image of it started have
    /// nobody else to reap them. Other children are left to their waiters.
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

/// Reaps an ended child of this process; does nothing if it is not our child.
package func reap(_ child: ProcessIdentity) {
    guard let status = ProcessTable.status(of: child.pid), status.identity == child, status.isZombie else {
        return
    }
    waitpid(child.pid, nil, WNOHANG)
}
