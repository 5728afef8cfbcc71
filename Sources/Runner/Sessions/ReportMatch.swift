import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// A session process's report that it has started, with the HAPI session it runs and its identity.
package struct SessionReport: Sendable {
    package let happySessionID: String
    /// The reporting process and its ancestors, nearest first.
    package let lineage: [ProcessIdentity]
    /// The launch id in its environment.
    package let launchID: String?
    package let directory: String
    package let agent: String
    /// Whether the report says that the session was started in a terminal. Not verified, because it can only
    /// prevent a match with a launch of the runner.
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

/// The session that a report belongs to.
enum ReportMatch: Equatable {
    case session(String)
    /// A session that no runner launched: it was started in a terminal.
    case newcomer

    /// Looks for the reporting process itself, then its ancestors, then the launch id in its environment.
    ///
    /// The nearest known ancestor may be the launched process, or only its monitor, because the launch may
    /// not be recorded yet or the process may have left its parent. A launch that has reported is matched
    /// only by its own process or the same report again, so that a session started inside a session is its
    /// own. Rows of another host are ignored, because their pids mean nothing here.
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
