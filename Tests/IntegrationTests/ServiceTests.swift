import FoundationEssentials
import Processes
import RunnerTestSupport
import Testing

/// `hapi service`, with a stand-in for systemctl.
@Suite(.serialized) struct ServiceTests {
    /// Starts and ends the unit's program, and logs its arguments.
    private static let systemctl = """
        [ "$1" = --user ] && shift
        unit="$HOME/.config/systemd/user/hapi-runner.service" wants="$HOME/.config/systemd/user/default.target.wants"
        echo "$*" >> "$HOME/systemctl.log"
        main() { pid=$(cat "$HOME/main.pid" 2>/dev/null) && grep -q hapi "/proc/$pid/cmdline" 2>/dev/null && echo "$pid" || echo 0; }
        begin() {
            [ "$(main)" != 0 ] && return
            env $(sed -n 's/^Environment=//p' "$unit") setsid sh -c "exec $(sed -n 's/^ExecStart=//p' "$unit")" \\
                > "$HOME/journal" 2>&1 < /dev/null &
            echo $! > "$HOME/main.pid"
        }
        stop() { pid=$(main); [ "$pid" = 0 ] || { kill "$pid"; while [ "$(main)" != 0 ]; do sleep 0.05; done; }; }
        case "$1" in
        enable) mkdir -p "$wants"; ln -sf "$unit" "$wants/"; begin ;;
        disable) rm -f "$wants/hapi-runner.service"; stop ;;
        start) begin ;;
        restart) stop; begin ;;
        show) main ;;
        is-active) [ "$(main)" != 0 ] && echo active || { echo inactive; exit 3; } ;;
        esac
        """

    private func unit(_ home: TestHome) -> String { home.root + "/.config/systemd/user/hapi-runner.service" }

    @Test func aServiceTakesTheRunnerOverAndItsRemovalLeavesNothingButTheSessions() async throws {
        try await TestHome.with { home in
            try home.installAgent("systemctl", Self.systemctl)
            let first = try await home.startRunner()
            let session = try await home.process(of: try await home.spawn("one"))
            let installed = try await home.hapi("service", "install", "--workspace-root", home.work)
            #expect(
                installed.status == 0 && installed.output.contains("The runner is running"), "\(installed)")
            #expect(try home.runner() != first && isAlive(session))
            #expect(home.text(unit(home))?.contains(" --workspace-root \(home.work)\n") == true)
            let status = try await home.hapi("service", "status")
            #expect(status.status == 0 && status.output.contains("State: active"), "\(status)")
            #expect(try await home.hapi("runner", "status").output.contains("systemd (user), starts at"))
            try await eventually("the log in the journal") {
                home.text(home.root + "/journal")?.contains("info starting") == true
            }

            try await home.stopRunner()
            let started = try await home.hapi("runner", "start")
            #expect(started.output.contains("by systemd"), "\(started)")
            let second = try home.runner()
            let restarted = try await home.hapi("runner", "restart")
            #expect(restarted.status == 0, "\(restarted)")
            #expect(try home.runner() != second)
            #expect(home.text(home.root + "/systemctl.log")?.contains("restart hapi-runner.service") == true)

            let removed = try await home.hapi("service", "uninstall")
            #expect(removed.status == 0 && isAlive(session), "\(removed)")
            #expect(!home.exists(unit(home)))
            #expect(try await !home.status().running)
            #expect(try await home.hapi("service", "status").status == 1)
        }
    }

    @Test func withoutSystemdNothingIsWritten() async throws {
        try await TestHome.with { home in
            let bare = ["PATH": home.root + "/bin"]
            let finished = try await home.hapi("service", "install", changes: bare)
            #expect(finished.status == 1 && finished.errors.contains("hapi runner start"), "\(finished)")
            #expect(!home.exists(unit(home)))
        }
    }

    @Test func whatOnlyThisShellKnowsIsSaid() async throws {
        try await TestHome.with(nil, ["CLI_API_TOKEN": "secret"]) { home in
            try home.installAgent("systemctl", Self.systemctl)
            let installed = try await home.hapi("service", "install")
            #expect(
                installed.errors.contains("hapi auth login") && !installed.errors.contains("secret"),
                "\(installed)")
        }
    }

    private static let analyzer = "/usr/bin/systemd-analyze"

    @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: analyzer)))
    func systemdFindsNothingWrongWithTheUnit() async throws {
        try await TestHome.with { home in
            try home.installAgent("systemctl", Self.systemctl)
            _ = try await home.hapi("service", "install")
            let verified = try home.start(
                [Self.analyzer, "--user", "verify", unit(home)],
                ["XDG_RUNTIME_DIR": try home.makeDirectory("run")])
            #expect(try await verified.ended() == 0, "\(verified.errors)")
        }
    }
}
