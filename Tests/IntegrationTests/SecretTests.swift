import FoundationEssentials
import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerTestSupport
import Testing

/// Tokens don't leak, and the home is readable by its owner only.
@Suite(.serialized) struct SecretTests {
    private static let agentToken = "sk-agent-3f1c77a0b2"

    @Test(arguments: [true, false], ["claude", "codex"])
    func tokensAreInNoFileNoRowAndNoArgument(bySettings: Bool, agent: String) async throws {
        let token = "hub-token-9d2e61c4"
        try await TestHub.with { hub in
            try await hub.set(["acceptToken": .string(token)])
            let environment = bySettings ? ["CLI_API_TOKEN": ""] : ["CLI_API_TOKEN": token]
            try await TestHome.with(hub, environment) { home in
                if bySettings { try home.writeSettings(#"{"cliApiToken":"\#(token)"}"#) }
                try await home.startRunner()
                try await eventually("the hub's connection") {
                    try await home.status().runner?.hubState == "connected"
                }
                let id = try await home.spawn(
                    "one", ["agent": .string(agent), "token": .string(Self.agentToken)])
                // Errors must not show it either.
                _ = try await home.control().post(
                    "spawn-session", ["directory": "relative", "token": .string(Self.agentToken)])
                _ = try await home.control().send(
                    "spawn-session", Array(#"{"token":"\#(Self.agentToken)","directory":7}"#.utf8))
                try await hub.set(["acceptToken": "another"])
                try await hub.dropConnections()
                try await eventually("the hub's refusal") {
                    try await home.status().runner?.hubState == "unauthorized"
                }
                try expectNothing(home, of: token, except: bySettings ? [home.settings] : [])
                let kept = home.path + "/codex/"
                try expectNothing(home, of: Self.agentToken, except: [], below: agent == "codex" ? kept : nil)
                #expect(try await home.hapi("runner", "stop-session", id).status == 0)
                try await home.stopRunner()
                try expectNothing(home, of: Self.agentToken, except: [])
            }
        }
    }

    @Test func aTokenIsForgottenEvenWhereItsLoginWasKilled() async throws {
        try await TestHome.with { home in
            let token = "hub-token-5b1c90aa"
            let login = ["/bin/sh", "-c", "echo \(token) | \(Paths.program) auth login --with-token"]
            for _ in 0..<2 {
                let killed = try home.start(login, ["HAPI_CRASH_AT": "file-written"])
                #expect(try await killed.ended() == 137, "\(killed.errors)")
                let lock = home.settings + ".hapi.lock"
                var times = utimbuf(actime: time(nil) - 31, modtime: time(nil) - 31)
                #expect(utime(lock, &times) == 0)
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: home.path)
            #expect(left.filter { $0.hasPrefix("settings.json.") && $0.hasSuffix(".tmp") }.count == 1)
            let forgotten = try await home.hapi("auth", "logout")
            #expect(forgotten.status == 0, "\(forgotten)")
            try expectNothing(home, of: token, except: [])
        }
    }

    /// Asks for a token in a terminal, sends it a key or a signal, and reports how the program ended and
    /// whether the terminal echoes again.
    private static let interrupting = """
        import fcntl, os, pty, signal, subprocess, sys, termios, time
        master, slave = pty.openpty()
        echoes = lambda: bool(termios.tcgetattr(slave)[3] & termios.ECHO)
        child = subprocess.Popen(
            sys.argv[2:], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        while echoes(): time.sleep(0.01)
        if sys.argv[1] == "TERM": child.send_signal(signal.SIGTERM)
        else: os.write(master, sys.argv[1].encode())
        print(-child.wait(), echoes())
        """

    @Test(arguments: [("\u{3}", SIGINT), ("\u{1c}", SIGQUIT), ("TERM", SIGTERM)])
    func aLoginThatIsInterruptedLeavesTheTerminalAsItWas(by key: String, signal: Int32) async throws {
        try await TestHome.with { home in
            let asked = try home.start(
                [
                    Paths.python, "-c", Self.interrupting, key, Paths.program, "auth", "login", "--hub",
                    "http://127.0.0.1:9",
                ])
            #expect(try await asked.ended() == 0, "\(asked.errors)")
            #expect(asked.output == "\(signal) True\n")
            #expect(!home.exists(home.settings))
        }
    }

    private func expectNothing(
        _ home: TestHome, of secret: String, except: [String], below folder: String? = nil
    ) throws {
        for path in try FileManager.default.subpathsOfDirectory(atPath: home.path) {
            let path = "\(home.path)/\(path)"
            guard !except.contains(path), folder.map(path.hasPrefix) != true else { continue }
            #expect(!contains(home.bytes(path) ?? [], secret), "\(path)")
        }
        for process in ProcessTable.all() {
            let arguments = ProcessTable.arguments(of: process.identity.pid)
            #expect(!arguments.contains { $0.contains(secret) }, "\(arguments)")
        }
    }

    private func contains(_ bytes: [UInt8], _ text: String) -> Bool {
        // ISO Latin 1, so that every byte is a character.
        bytes.split(separator: 0).contains { String(decoding: $0, as: UTF8.self).contains(text) }
    }

    @Test func aStartMendsWhatOthersCouldReadOrWrite() async throws {
        try await TestHome.with { home in
            try home.writeSettings("{}")
            try await home.startRunner()
            let id = try await home.spawn("one")
            try await home.killRunner()
            let folders = [home.path, home.path + "/logs", home.path + "/logs/sessions"]
            let files = [home.settings, home.store, home.store + "-wal", home.store + "-shm", home.stateFile]
            for folder in folders { chmod(folder, 0o777) }
            for file in files { #expect(chmod(file, 0o666) == 0, "\(file)") }
            try await home.startRunner()
            for folder in folders { #expect(mode(folder) == 0o700, "\(folder)") }
            for file in files + [home.lockFile] { #expect(mode(file) == 0o600, "\(file)") }
            for path in try FileManager.default.subpathsOfDirectory(atPath: home.path) {
                #expect(mode("\(home.path)/\(path)") & 0o077 == 0, "\(path)")
            }
            #expect(try await home.session(id).state == "running")
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.stopRunner()
        }
    }

    @Test func whatIsMadeIsItsOwnersAloneWhateverTheMask() async throws {
        try await TestHome.with { home in
            let open = { (command: String) in
                try home.start(["/bin/sh", "-c", "umask 000; exec \(Paths.program) \(command)"])
            }
            let login = try home.start(
                ["/bin/sh", "-c", "umask 000; echo token | \(Paths.program) auth login --with-token"])
            #expect(try await login.ended() == 0, "\(login.errors)")
            let started = try open("runner start")
            #expect(try await started.ended(within: .seconds(40)) == 0, "\(started.errors)")
            let id = try await home.spawn("one", ["agent": "codex", "token": .string(Self.agentToken)])
            let backup = try open("runner backup \(home.path)/backup.db")
            #expect(try await backup.ended() == 0, "\(backup.errors)")
            let paths = try FileManager.default.subpathsOfDirectory(atPath: home.path)
            #expect(paths.contains("runner.db-wal") && paths.contains("settings.json"))
            for path in [home.path] + paths.map({ "\(home.path)/\($0)" }) {
                #expect(mode(path) & 0o077 == 0, "\(path)")
            }
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.stopRunner()
        }
    }

    /// As another user, in a world-writable home of root.
    @Test(.enabled(if: geteuid() == 0 && access("/usr/bin/setpriv", X_OK) == 0, "needs root and setpriv"))
    func aHomeThatAnybodyMayWriteToIsRefused() async throws {
        try await TestHome.with { home in
            _ = try home.makeDirectory("home")
            chmod(home.root, 0o755)
            chmod(home.path, 0o1777)
            let other = ["/usr/bin/setpriv", "--reuid=65533", "--regid=65533", "--clear-groups"]
            let started = try home.start(other + [Paths.program, "runner", "start"])
            #expect(try await started.ended() == 1)
            #expect(started.errors.contains("cannot use \(home.path): "), "\(started.errors)")
            #expect(started.errors.contains("chmod"), "\(started.errors)")
        }
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : 0o777
    }
}
