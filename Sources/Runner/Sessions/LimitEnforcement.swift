import Glibc
import Monitor
import Processes

/// Who enforces the memory and processor limits of a session.
enum LimitEnforcement: Equatable, Sendable {
    /// systemd, in a scope around the session's monitor and its descendants, systemd-run(1).
    case scope(program: String, isUser: Bool)
    /// The kernel, in a cgroup that the runner creates below its own, which is delegated to it.
    case cgroup(in: String)

    /// Chooses according to what this machine offers. systemd has precedence: where it manages the cgroups,
    /// no other process may change them.
    static func choose(
        for limits: SessionLimits, _ facts: CgroupFacts
    ) throws(LimitRefusal) -> LimitEnforcement {
        func refuse(_ why: String) -> LimitRefusal {
            LimitRefusal(
                description: "cannot limit memory or processors: \(why). A time limit works all the same.",
                reason: why)
        }
        guard facts.mount != nil else {
            throw refuse("this system has no unified cgroup hierarchy (cgroup v2)")
        }
        let needed = (limits.memory == nil ? [] : ["memory"]) + (limits.processors == nil ? [] : ["cpu"])
        if let missing = needed.first(where: { !facts.controllers.contains($0) }) {
            throw refuse("cgroup v2 has no \(missing) controller on this system")
        }
        if let program = facts.systemdRun { return .scope(program: program, isUser: facts.isUserManager) }
        guard let own = facts.own else {
            throw refuse("no systemd can be reached, and the runner's own cgroup is not delegated to it")
        }
        return .cgroup(in: own)
    }

    /// The arguments of systemd-run(1), up to the program to run in the scope.
    static func scopeArguments(_ limits: SessionLimits, session: String, isUser: Bool) -> [String] {
        (isUser ? ["--user"] : [])
            + ["--scope", "--quiet", "--collect", "--unit=hapi-session-\(session)"]
            // systemd does not stop a delegated scope when the kernel kills one of its processes.
            + ["--property=Delegate=yes"]
            + (limits.memory.map { ["--property=MemoryMax=\($0)"] } ?? [])
            + (limits.processors.map { ["--property=CPUQuota=\($0)%"] } ?? [])
            + ["--"]
    }
}

extension SessionLimits {
    /// Why memory and processors cannot be limited here; nil if they can.
    package static func obstacle(_ environment: [String: String]) -> String? {
        do {
            let both = try SessionLimits(memory: "1G", cpus: 1, timeout: nil)
            _ = try LimitEnforcement.choose(for: both, .now(environment))
            return nil
        } catch {
            return error.reason
        }
    }
}

/// What this machine offers for limits.
struct CgroupFacts: Equatable, Sendable {
    /// The mount point of cgroup v2; nil if it is not mounted.
    var mount: String?
    /// The controllers in the topmost visible cgroup.
    var controllers: Set<String> = []
    /// The cgroup in which the runner can create others; nil if there is none.
    var own: String?
    /// The path of `systemd-run`; nil if its manager cannot be reached.
    var systemdRun: String?
    var isUserManager = false

    static func now(_ environment: [String: String]) -> CgroupFacts {
        var facts = CgroupFacts()
        let mounts = text("/proc/self/mounts").split(separator: "\n").map { $0.split(separator: " ") }
        guard let mount = mounts.first(where: { $0.count > 2 && $0[2] == "cgroup2" })?[1] else {
            return facts
        }
        facts.mount = String(mount)
        facts.controllers = Set(
            text("\(mount)/cgroup.controllers").split(whereSeparator: \.isWhitespace).map(String.init))
        facts.isUserManager = geteuid() != 0
        facts.systemdRun = systemdRun(environment, isUser: facts.isUserManager)
        if let path = text("/proc/self/cgroup").split(separator: "\n").first(where: { $0.hasPrefix("0::") }) {
            let own = SessionCgroup.parent(of: "\(mount)\(path.dropFirst(3))")
            if access("\(own)/cgroup.procs", W_OK) == 0, access("\(own)/cgroup.subtree_control", W_OK) == 0 {
                facts.own = own
            }
        }
        return facts
    }

    /// Checks for the socket that systemd's own programs try first.
    private static func systemdRun(_ environment: [String: String], isUser: Bool) -> String? {
        let socket =
            isUser
            ? "\(environment[.runtimeDirectory] ?? "/run/user/\(geteuid())")/systemd/private"
            : "/run/systemd/private"
        guard access(socket, F_OK) == 0 else { return nil }
        let folders = (environment[.path] ?? "/usr/bin:/bin").split(separator: ":")
        return folders.map { "\($0)/systemd-run" }.first { access($0, X_OK) == 0 }
    }

    private static func text(_ path: String) -> String {
        String(decoding: readFile(path) ?? [], as: UTF8.self)
    }
}
