import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A period in which the hub could not reach sessions through this runner, and the cause.
package struct Absence: Equatable, Sendable {
    package enum Cause: String, Sendable {
        case stopped, crashed, failed, rebooted, asleep
        case hubAway = "hub-away"
        case hubRefused = "hub-refused"
    }

    package let cause: Cause
    package let from: Timestamp
    /// Whether it may have begun later than `from`, because nothing recorded its beginning.
    package let beganUnseen: Bool
    /// nil while it lasts.
    package let to: Timestamp?
    package let detail: String?

    /// Absences shorter than this are not reported. In milliseconds.
    static let shortest: Int64 = 2000

    /// An absence that seems to end before it began is reported too: the clock was set back.
    private var isWorthALine: Bool {
        to.map { ($0.milliseconds &- from.milliseconds).magnitude >= Self.shortest } ?? true
    }

    /// Derives the absences from the runner's lives, heartbeats and hub changes, oldest first.
    ///
    /// - Parameter running: the current life; nil if no runner is running.
    package static func all(
        lives: [RunnerRecord], running: Int64?, beats: [HeartbeatTrace], changes: [HubChange]
    ) -> [Absence] {
        let between = betweenLives(lives, running)
        let asleep = lives.flatMap { life in sleeps(beats.filter { $0.runnerID == life.id }) }
        let unreached = lives.flatMap { life in
            hubAbsences(life, changes.filter { $0.runnerID == life.id }, isRunning: life.id == running)
        }
        return (between + asleep + unreached)
            .filter(\.isWorthALine)
            .sorted { $0.from < $1.from }
    }

    private static func betweenLives(_ lives: [RunnerRecord], _ running: Int64?) -> [Absence] {
        lives.indices.compactMap { index in
            let life = lives[index]
            let next = index + 1 < lives.count ? lives[index + 1] : nil
            guard life.id != running, !life.isElsewhere else { return nil }
            let from = life.endedAt ?? life.lastHeartbeatAt ?? life.startedAt
            let (cause, detail) = cause(of: life, before: next)
            return Absence(
                cause: cause, from: from, beganUnseen: life.endedAt == nil, to: next?.startedAt,
                detail: detail)
        }
    }

    private static func cause(of life: RunnerRecord, before next: RunnerRecord?) -> (Cause, String?) {
        switch life.endReason {
        case .cli: (.stopped, "by hapi runner stop")
        case .app: (.stopped, "from the hub")
        case .signal: (.stopped, "by a signal")
        case .replaced: (.stopped, "replaced")
        case .exception: (.failed, life.endDetail)
        case .crashed, nil:
            next.map { $0.host.bootID != life.host.bootID } == true
                ? (.rebooted, "the machine was restarted")
                : (.crashed, life.crashSignal.map { "crashed: \($0)" } ?? "the runner crashed or was killed")
        }
    }

    /// An absence wherever the time asleep has grown between two heartbeats.
    private static func sleeps(_ beats: [HeartbeatTrace]) -> [Absence] {
        zip(beats, beats.dropFirst()).compactMap { earlier, later in
            guard let before = earlier.suspended, let after = later.suspended, after &- before >= shortest
            else {
                return nil
            }
            return Absence(
                cause: .asleep, from: earlier.at, beganUnseen: true, to: later.at,
                detail: "the machine slept for \((after &- before) / 1000) s")
        }
    }

    private static func hubAbsences(_ life: RunnerRecord, _ changes: [HubChange], isRunning: Bool)
        -> [Absence]
    {
        guard life.hubURL != nil else { return [] }
        var found: [Absence] = []
        var open: (since: Timestamp, refused: Bool, detail: String?)? = (life.startedAt, false, nil)
        func close(at end: Timestamp?) {
            guard let open else { return }
            found.append(
                Absence(
                    cause: open.refused ? .hubRefused : .hubAway, from: open.since, beganUnseen: false,
                    to: end,
                    detail: open.detail))
        }
        for change in changes {
            if change.state == .connected {
                close(at: change.at)
                open = nil
            } else if let since = open?.since {
                open = (since, change.state == .unauthorized, change.detail ?? open?.detail)
            } else {
                open = (change.at, change.state == .unauthorized, change.detail)
            }
        }
        if open != nil { close(at: isRunning ? nil : life.endedAt ?? life.lastHeartbeatAt ?? life.startedAt) }
        return found
    }
}
