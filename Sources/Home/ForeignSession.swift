import Glibc
import HubProtocol
import Processes

/// A session of HAPI's own runner, known from that runner's answers and files (hub contract §1.4).
package struct ForeignSession: Equatable, Sendable {
    package var pid: Int32
    package var happySessionID: String?
    /// Whether the runner started it; otherwise it was started in a terminal.
    package var isFromRunner: Bool
    /// Whether the running runner lists it.
    package var isListed = false
    /// When its process started, in the format of `ps`.
    package var startMarker: String?

    /// One entry of `runner.state.json.resume-processes.json`.
    package struct Kept: Decodable, Equatable, Sendable {
        var requestedSessionId: String?
        /// The older name of `requestedSessionId`.
        var sessionId: String?
        var confirmedSessionId: String?
        var pid: Int32
        var processStartMarker: String?
    }

    /// The sessions that the runner lists or has on disk, one per process, without those in `exits`, whose
    /// end the runner has seen.
    package static func all(
        listed: [ControlMessages.SessionList.Child], kept: [Kept], exits: Set<String>
    ) -> [ForeignSession] {
        var sessions = listed.map { child in
            ForeignSession(
                pid: child.pid, happySessionID: child.happySessionId,
                isFromRunner: child.startedBy == "runner",
                isListed: true)
        }
        for entry in kept {
            if let index = sessions.firstIndex(where: { $0.pid == entry.pid }) {
                sessions[index].startMarker = entry.processStartMarker
                continue
            }
            let ids = [entry.confirmedSessionId, entry.requestedSessionId, entry.sessionId].compactMap { $0 }
            if ids.contains(where: exits.contains) { continue }
            sessions.append(
                ForeignSession(
                    pid: entry.pid, happySessionID: entry.confirmedSessionId, isFromRunner: true,
                    startMarker: entry.processStartMarker))
        }
        return sessions
    }

    /// Whether `process`, which has the session's pid now, is the session's. A pid alone proves nothing.
    func isProved(by process: ForeignProcess, runner: Int32) -> Bool {
        guard process.isOwn else { return false }
        if let startMarker {
            // Two seconds of tolerance: `ps` has a resolution of one, and recomputes the boot time each time.
            return Self.seconds(startMarker).map { abs($0 - process.startedAt) <= 2 } ?? false
        }
        return isListed && (process.parent == runner || process.hasLog)
    }

    /// Seconds since 1970 from the output of `ps -o lstart=` under LC_ALL=C and TZ=UTC, `Mon Nov 30 20:35:30
    /// 2026`.
    static func seconds(_ marker: String) -> Int64? {
        let words = marker.split(separator: " ")
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        guard words.count == 5, let month = months.firstIndex(of: String(words[1])),
            let day = Int32(words[2]), let year = Int32(words[4]), (1970...9999).contains(year)
        else { return nil }
        let clock = words[3].split(separator: ":").compactMap { Int32($0) }
        guard clock.count == 3 else { return nil }
        var parts = tm()
        (parts.tm_year, parts.tm_mon, parts.tm_mday) = (year - 1900, Int32(month), day)
        (parts.tm_hour, parts.tm_min, parts.tm_sec) = (clock[0], clock[1], clock[2])
        return Int64(timegm(&parts))
    }
}

/// What can be observed of a process that may be one of HAPI's sessions.
struct ForeignProcess: Equatable, Sendable {
    var identity: ProcessIdentity
    /// Whether it belongs to this user.
    var isOwn: Bool
    var parent: Int32
    /// In seconds since 1970.
    var startedAt: Int64
    /// Whether it has a log of HAPI's: each of HAPI's programs writes one, named after its pid.
    var hasLog: Bool
    var agent: Agent
    var directory: String

    /// nil if there is no such process.
    init?(_ pid: Int32, in home: RunnerHome) {
        var folder = stat()
        guard let status = ProcessTable.status(of: pid), !status.isZombie, stat("/proc/\(pid)", &folder) == 0
        else { return nil }
        identity = status.identity
        parent = status.parent
        isOwn = folder.st_uid == geteuid()
        let startedAt = Int64(time(nil)) - status.identity.secondsAlive
        self.startedAt = startedAt
        hasLog = entries(of: home.logs).contains { name in
            guard name.hasSuffix("-pid-\(pid).log") else { return false }
            var log = stat()
            // If the log was last written before the process started, it belongs to an earlier process with
            // the same pid.
            return stat("\(home.logs)/\(name)", &log) == 0
                && Int64(log.st_mtim.tv_sec) >= startedAt - 2
        }
        agent = ProcessTable.arguments(of: pid).compactMap(Agent.init(rawValue:)).first ?? .claude
        directory = linkTarget("/proc/\(pid)/cwd") ?? "/"
    }

    init(identity: ProcessIdentity, isOwn: Bool, parent: Int32, startedAt: Int64, hasLog: Bool) {
        (self.identity, self.isOwn, self.parent) = (identity, isOwn, parent)
        (self.startedAt, self.hasLog) = (startedAt, hasLog)
        (agent, directory) = (.claude, "/")
    }
}
