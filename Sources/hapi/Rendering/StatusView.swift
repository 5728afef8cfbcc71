import Home
import HubClient
import HubProtocol
import Monitor
import Processes
import Runner
import RunnerStore
import SessionProcess

/// The runner as `status` shows it.
struct StatusView {
    let home: RunnerHome
    let presence: RunnerPresence
    /// The store's schema version, or the one of a new store; nil if the store cannot be read.
    let schemaVersion: Int?
    /// The states of the sessions recorded as live; nil if they cannot be read.
    let states: [SessionState]?
    /// The number of processes that outlived their sessions.
    let leftBehind: Int?
    /// The number of sessions that the last reboot ended and that were not started again.
    var lost = 0

    private var live: Int? { states?.count { $0 != .ended && $0 != .unverifiable } }
    private var unverifiable: Int? { states?.count { $0 == .unverifiable } }

    /// Whether our runner is running, according to the store or, if it cannot be read, the state file.
    var isRunning: Bool {
        presence.runner != nil || presence.storeError != nil && presence.foreignPID != nil
    }

    var json: JSONValue {
        .object([
            "running": .bool(isRunning),
            "runner": presence.runner.map(json) ?? .null,
            "lastRunner": presence.last.map(Self.lastJSON) ?? .null,
            "sessions": .object([
                "live": .init(live), "unverifiable": .init(unverifiable), "leftBehind": .init(leftBehind),
            ]),
            "store": .object([
                "path": .string(home.store), "schemaVersion": .init(schemaVersion),
            ]),
        ])
    }

    /// What users should know about the running runner.
    private var notice: String? {
        presence.isDegraded
            ? "degraded: the store at \(home.store) cannot be written; sessions are watched and stopped all the "
                + "same, and recorded once it can. See the log." : presence.runner?.notice
    }

    private func json(_ runner: RunnerRecord) -> JSONValue {
        .object([
            "pid": .integer(Int64(runner.process.pid)),
            "startedAt": .init(runner.startedAt),
            "uptimeSeconds": .integer(runner.process.secondsAlive),
            "cliVersion": .string(runner.version),
            "cliModifiedAt": .init(runner.modifiedAt),
            "httpPort": runner.httpPort.map { .integer(Int64($0)) } ?? .null,
            "lastHeartbeatAt": .init(runner.lastHeartbeatAt),
            "logPath": .string(runner.logPath),
            "hubUrl": .init(runner.hubURL),
            "hubState": .string(runner.hubState.rawValue),
            "machineId": .init(runner.machineID),
            "notice": .init(notice),
            "sessionPath": .init(sessionPath),
            "agents": .object(agents.mapValues { .init($0) }),
        ])
    }

    /// The `PATH` of sessions according to the runner; nil if it does not tell.
    private var sessionPath: String? { StateFile.read(home)?.sessionPath }

    /// Each agent's program as a session would find it; nil if it is not installed. Computed only where it is
    /// shown, because it costs some two hundred system calls.
    private var agents: [String: String?] {
        var environment = processEnvironment
        environment[.path] = sessionPath ?? environment[.path]
        // Invalid settings are reported by the commands that need them.
        let settings = (try? Settings.read(home)) ?? Settings([:])
        return Dictionary(
            uniqueKeysWithValues: Agent.allCases.map { agent in
                (agent.rawValue, try? AgentProgram.path(of: agent, settings, environment))
            })
    }

    private static func lastJSON(_ runner: RunnerRecord) -> JSONValue {
        .object([
            "pid": .integer(Int64(runner.process.pid)),
            "startedAt": .init(runner.startedAt),
            "endedAt": .init(runner.endedAt),
            "endReason": runner.isElsewhere ? .null : .string((runner.endReason ?? .crashed).rawValue),
            "endDetail": .init(runner.endDetail ?? runner.crashSignal),
        ])
    }

    var text: String {
        if let error = presence.storeError { return unseenText(error) }
        let hidden = unverifiable ?? 0
        let left = leftBehind ?? 0
        let sessions =
            "\(live ?? 0) live" + (hidden > 0 ? ", \(hidden) unverifiable" : "")
            + (left > 0 ? ", \(left) process\(left == 1 ? "" : "es") left behind by ended ones" : "")
        guard let runner = presence.runner else { return stoppedText(sessions) }
        var rows = [
            ("Runner", "running\(presence.isStopping ? ", stopping" : ""), process \(runner.process.pid)"),
            ("Up", Self.uptimeText(runner)),
            ("Version", runner.version + (runner.modifiedAt.map { ", program of \($0.local)" } ?? "")),
            ("Control port", runner.httpPort.map { "\($0)" } ?? "not bound yet"),
            ("Hub", Self.hubText(runner)),
            ("Heartbeat", runner.lastHeartbeatAt.map { "\($0.local) (\($0.age) ago)" } ?? "none yet"),
            ("Sessions", sessions),
            ("PATH", sessionPath ?? "unknown"),
            ("Log", runner.logPath),
        ]
        rows += lostRow
        if let notice { rows.append(("Notice", notice)) }
        if let waiting = renewalNotice(runner) { rows.append(("Notice", waiting)) }
        if let unit = ServiceUnit.all(processEnvironment).first(where: \.isInstalled) {
            rows.append(("Service", unit.summary))
        }
        if let machine = runner.machineID { rows.insert(("Machine", machine), at: 5) }
        return Self.aligned(rows)
    }

    /// The runner renews itself at a heartbeat; until then the program it runs is not the installed one.
    private func renewalNotice(_ runner: RunnerRecord) -> String? {
        guard let own = ProgramFile.current.modifiedAt, let running = runner.programModifiedAt,
            own != running,
            let image = linkTarget("/proc/\(runner.process.pid)/exe"),
            // The kernel's name for the image of a program whose file was replaced.
            isSamePath(image, resolvedPath(ProgramFile.current.path) + " (deleted)")
        else { return nil }
        return "a newer program is installed; the runner switches to it at its next heartbeat, or now: "
            + "hapi runner restart"
    }

    private var lostRow: [(String, String)] {
        let sessions = lost == 1 ? "1 session was" : "\(lost) sessions were"
        return lost == 0 ? [] : [("Lost", "\(sessions) lost to the reboot: hapi runner restart --lost")]
    }

    private func unseenText(_ error: StoreError) -> String {
        Self.aligned([
            ("Runner", presence.foreignPID.map { "running, process \($0)" } ?? "not running"),
            ("Control port", presence.controlPort.map { "\($0)" } ?? "unknown"),
            ("Notice", "degraded: \(error)"),
            ("Stop it", "hapi runner stop; its sessions keep running"),
        ])
    }

    private func stoppedText(_ sessions: String) -> String {
        var rows = [("Runner", "not running")]
        if let pid = presence.foreignPID {
            rows.append(("Note", "HAPI's own runner is running here, process \(pid)"))
        }
        if let last = presence.last {
            rows.append(("Last one", "process \(last.process.pid), \(Self.endText(last))"))
            rows.append(("Log", last.logPath))
        }
        rows.append(("Sessions", sessions))
        rows += lostRow
        rows.append(("Start it", "hapi runner start"))
        return Self.aligned(rows)
    }

    private static func uptimeText(_ runner: RunnerRecord) -> String {
        let seconds = runner.process.secondsAlive
        let start = startTime(recorded: runner.startedAt, counted: Timestamp(secondsAgo: seconds))
        return "\(Timestamp.length(seconds: seconds)), since \(start.local)"
    }

    /// The recorded time, so that it agrees with the log. The computed one, to the second, if the wall clock
    /// was set since or the runner has renewed itself.
    static func startTime(recorded: Timestamp, counted: Timestamp) -> Timestamp {
        (recorded.milliseconds &- counted.milliseconds).magnitude <= 2000 ? recorded : counted
    }

    static func hubText(_ runner: RunnerRecord) -> String {
        let detail = runner.hubDetail.map { ": \($0)" } ?? ""
        switch runner.hubState {
        case .connected: return "connected to \(runner.hubURL ?? "")"
        case .connecting: return "connecting to \(runner.hubURL ?? "")\(detail)"
        case .unauthorized: return "refused\(detail)"
        case .disabled: return "local only, no token is configured; hapi auth login"
        }
    }

    static func endText(_ runner: RunnerRecord) -> String {
        let since = runner.lastHeartbeatAt ?? runner.startedAt
        switch runner.endReason {
        case .cli: return "stopped by hapi runner stop" + at(runner)
        case .app: return "stopped from the hub" + at(runner)
        case .signal: return "stopped by a signal" + at(runner)
        case .replaced: return "replaced by another" + at(runner)
        case .exception: return "failed" + at(runner) + (runner.endDetail.map { ": \($0)" } ?? "")
        case nil where runner.isElsewhere:
            return "on another machine or in another container; whether it is running cannot be known here"
        case .crashed, nil:
            let how = runner.crashSignal.map { "crashed: \($0)" } ?? "crashed or was killed"
            return "\(how), some time after \(since.local)"
        }
    }

    private static func at(_ runner: RunnerRecord) -> String {
        runner.endedAt.map { " at \($0.local)" } ?? ""
    }

    private static func aligned(_ rows: [(String, String)]) -> String {
        let width = (rows.map(\.0.count).max() ?? 0) + 2
        return rows.map { name, value in
            name + String(repeating: " ", count: width - name.count) + value.visible
        }.joined(separator: "\n")
    }
}

extension RunnerRecord {
    fileprivate var modifiedAt: Timestamp? {
        programModifiedAt.flatMap { Int64(exactly: $0.rounded()) }.map(Timestamp.init(milliseconds:))
    }
}
