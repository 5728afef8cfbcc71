import ArgumentParser
import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

struct WaitCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wait", abstract: "Wait for sessions to end, and exit with their status.",
        discussion: """
            With several, the status is that of the first one, in the order given, that did not end with 0. \
            A signal counts as 128 plus its number, as in a shell. Works without a running runner.

            EXAMPLES
              hapi runner wait fix-login && git push
              hapi runner wait a b c --timeout 2h
            """)

    @Argument(help: SessionLookup.help, completion: .sessions) var ids: [String]
    @Option(
        help: ArgumentHelp("Give up after this time, with status 1: 90s, 30min, 2h.", valueName: "time"),
        transform: Span.init)
    var timeout: Span?

    func validate() throws {
        guard !ids.isEmpty else { throw ValidationError("name a session") }
    }

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        let sessions = try ids.map { try SessionLookup.session($0, in: home) }
        let deadline = timeout.map { ContinuousClock.now + .seconds($0.seconds) }
        var status: Int32 = 0
        for session in sessions {
            let view = try await ended(session.id, home, deadline)
            Output.line("\(view.title.visible): \(view.ending.visible) after \(view.length)")
            if status == 0 { status = view.exitStatus }
        }
        throw ExitCode(status)
    }

    private func ended(_ id: String, _ home: RunnerHome, _ deadline: ContinuousClock.Instant?) async throws
        -> SessionView
    {
        var unrecordedSince: ContinuousClock.Instant?
        while true {
            let found = try StoreConnection.lookingAt(home) { store throws(StoreError) in
                try store.session(id)
            }
            guard let session = found ?? nil else {
                return try SessionView(SessionLookup.unknown.session(id))
            }
            let view = SessionView(session)
            if session.exit != nil { return view }
            // The process is gone; its end is usually recorded within three seconds.
            if view.state == .ended {
                let since = unrecordedSince ?? .now
                if ContinuousClock.now - since > .seconds(3) { return view }
                unrecordedSince = since
            }
            if let deadline, ContinuousClock.now >= deadline {
                Output.complain("\(view.title) is still \(view.state.rawValue)")
                throw ExitCode(ExitStatus.failed)
            }
            try await Task.sleep(for: .milliseconds(200))
        }
    }
}

extension SessionView {
    /// The exit status of the session's process; 1 if unknown.
    fileprivate var exitStatus: Int32 {
        switch session.exit?.reason {
        case .exited(let code): code
        case .signaled(let signal): 128 + signal
        case .launchFailed, .vanished, nil: ExitStatus.failed
        }
    }
}
