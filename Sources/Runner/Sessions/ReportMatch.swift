import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A session process's word that it is there: the HAPI session it runs, and who it is.
package struct SessionReport: Sendable {
    package let happySessionID: String
    /// The process that speaks, and those above it, nearest first.
    package let lineage: [ProcessIdentity]
    /// The launch id in its environment.
    package let launchID: String?
    package let directory: String
    package let agent: String
    /// Whether it says that somebody started it in a terminal. That can only keep it from being taken
    /// for a launch of the runner's, so nothing is trusted.
    package let isFromTerminal: Bool

    package init(
        happySessionID: String, lineage: [ProcessIdentity], launchID: String?, directory: String,
        agent: String, isFromTerminal: Bool = false
    ) {
        self.happySessionID = happySessionID
        self.lineage = lineage
        self.launchID = launchID
        self.directory = directory
        self.agent = agent
        self.isFromTerminal = isFromTerminal
    }
}

/// Which session a report belongs to.
enum ReportMatch: Equatable {
    case session(String)
    /// A session nobody here launched: someone started it in a terminal.
    case newcomer

    /// Looks for the process itself, then above it, then for the launch id it carries. Above it may
    /// stand the launched process, or only its monitor: the launch may not be recorded yet, or the
    /// process may have left its parent. A launch that has reported is only matched by its own process
    /// or by the same report again: a session that is started inside a session is its own.
    /// A row of another machine or container tells nothing about the processes of this one.
    static func of(_ report: SessionReport, among live: [SessionRecord]) -> ReportMatch {
        let live = live.filter { $0.launch.host == .current }
        if let speaker = report.lineage.first, let own = live.first(where: { $0.launch.process == speaker }) {
            return .session(own.id)
        }
        if report.isFromTerminal { return .newcomer }
        for ancestor in report.lineage.dropFirst() {
            guard let session = live.first(where: { $0.launch.isOf(ancestor) }) else { continue }
            return session.isOpen(to: report) ? .session(session.id) : .newcomer
        }
        let named = live.first { $0.id == report.launchID && $0.isOpen(to: report) }
        return named.map { .session($0.id) } ?? .newcomer
    }
}

extension SessionRecord {
    fileprivate func isOpen(to report: SessionReport) -> Bool {
        origin == .runner && (reportedAt == nil || happySessionID == report.happySessionID)
    }
}

extension LaunchRecord {
    fileprivate func isOf(_ process: ProcessIdentity) -> Bool {
        self.process == process || monitor == process
    }
}
