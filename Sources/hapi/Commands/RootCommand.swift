import ArgumentParser
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hapi",
        abstract: "Steer AI coding agents on this machine from a phone or a browser.",
        usage: """
            hapi [AGENT] [ARGS]...     run an agent in this terminal (claude if none is named)
            hapi runner <subcommand>   control the runner and its sessions
            """,
        discussion: """
            Agents: agy, auggie, claude, codex, copilot, cursor, dsh, fast-agent, goose, grok, kimi, \
            opencode, pi, qwen, vibe.

            EXAMPLES
              hapi runner start             start the runner in the background
              hapi runner status            see how it is doing
              hapi runner spawn ~/project   start a session there
              hapi ls                       list live sessions
              hapi codex                    run codex in this terminal, visible at the hub
            """,
        subcommands: [
            RunnerCommand.self, AuthCommand.self, AttachCommand.self, SendCommand.self, ResumeCommand.self,
            ShortListCommand.self, ShortStopCommand.self, LogsCommand.self, HistoryCommand.self,
            DoctorCommand.self, ServiceCommand.self, CompletionCommand.self, ConfigCommand.self,
            ManualCommand.self,
        ])
}

struct RunnerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runner",
        abstract: "Start, stop and watch the runner and its sessions.",
        discussion: """
            Sessions outlive the runner: stopping, killing or upgrading it ends none of them, and the \
            next one takes them over. list, status and history work without a running runner.

            EXIT STATUS
              0 done · 1 failed · 2 needs approval · 3 no runner · 64 wrong usage
              69 the hub refuses · 75 another runner holds the lock
            """,
        subcommands: [
            StartCommand.self, StartSyncCommand.self, StopCommand.self, StatusCommand.self, ListCommand.self,
            StopSessionCommand.self, SpawnCommand.self, HistoryCommand.self, LogsCommand.self,
            WaitCommand.self,
            EventsCommand.self, RestartCommand.self,
            ApprovalsCommand.self, ApproveCommand.self, DenyCommand.self, WorktreesCommand.self,
            AbsencesCommand.self, GiveUpCommand.self, PruneCommand.self, BackupCommand.self,
            ApproveToolCommand.self, ResumeCommand.self,
        ])
}
