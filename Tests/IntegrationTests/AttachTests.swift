import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// `hapi attach`, `send`, `approve-tool`: a conversation from the shell.
@Suite(.serialized) struct AttachTests {
    /// A session of the runner, without a hub.
    private static func alone(_ body: (TestHome, String) async throws -> Void) async throws {
        try await TestHome.with(nil, ["HAPI_CLI_EXECUTABLE": Paths.program]) { home in
            try home.install("opencode", "acp.py")
            try await home.startRunner()
            try await body(home, try await home.spawn("one", ["agent": "opencode"]))
        }
    }

    @Test func aConversationIsHeldInATerminalWithoutAHub() async throws {
        try await Self.alone { home, id in
            let seen = try await home.typing(
                [
                    ["expect", "> "], ["type", "say hello thërf\u{7f}e\r"], ["expect", "> say hello thëre"],
                    ["expect", "hello thëre"],
                    ["type", "run touch it\r"], ["expect", "* Bash: touch it"],
                    ["expect", "? Bash wants to run:"], ["expect", "    touch it"], ["expect", "[y] yes"],
                    ["type", "n"], ["expect", "-- denied"], ["expect", "it was refused"],
                    ["type", "run make\r"], ["expect", "wants to run"], ["type", "y"], ["expect", "it ran"],
                    ["type", "edit a.txt\r"], ["expect", "    a.txt"], ["expect", "    - one"],
                    ["expect", "    + two"],
                    ["type", "s"], ["expect", "edited"],
                    ["type", "slow 30 a b c\r"], ["expect", "> slow 30"], ["expect", "… "],
                    ["type", "\u{3}"],
                    ["expect", "-- Aborted by user"], ["type", "\u{4}"],
                    ["expect", "the session keeps running"],
                ], "attach", id)
            #expect(seen.missed == nil && seen.restored, "\(seen)")
            #expect(seen.status == 0)
            #expect(try await home.list().first?.state == "running")
        }
    }

    @Test func theSocketOfAKilledSessionIsTakenAwayWhenTheRunnerStarts() async throws {
        try await Self.alone { home, id in
            let other = try await home.spawn("two", ["agent": "opencode"])
            let records = try await home.list()
            func socket(_ id: String) throws -> String {
                let record = try #require(records.first { $0.happySessionId == id }?.id)
                return "\(home.path)/sockets/\(record).sock"
            }
            kill(try await home.process(of: id).pid, SIGKILL)
            _ = try await home.ending(of: id)
            #expect(try home.exists(socket(id)) && home.exists(socket(other)))
            try await home.startRunner([:], ["--replace"])
            #expect(try !home.exists(socket(id)) && home.exists(socket(other)))
            #expect(try await home.hapi("send", other, "say", "still here").status == 0)
        }
    }

    @Test func whatWasSaidBeforeIsShownAndTheEndIsTold() async throws {
        try await Self.alone { home, id in
            #expect(try await home.hapi("send", id, "say", "earlier").status == 0)
            let following = try home.launch(["attach", id])
            try await eventually("what was said") {
                following.output.contains("\nearlier\n") || following.output.contains("earlier")
            }
            let later = try home.launch(["attach", id])
            try await eventually("what was said before") { later.output.contains("> say earlier\nearlier") }
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            for attached in [following, later] {
                let status = try await attached.ended()
                let recorded = try await home.ending(of: id)
                #expect(attached.output.contains("the session has ended"))
                #expect(status == recorded.code ?? 1)
            }
            let late = try await home.hapi("attach", id)
            #expect(
                late.status == 1 && late.errors.contains("has ended") && late.errors.contains("resume"),
                "\(late)")
        }
    }

    @Test func aDecisionMadeInOnePlaceIsGoneInTheOthers() async throws {
        try await ProtocolAgentTests.with(.opencode) { home, chat in
            let attached = try home.launch(["attach", chat.id])
            try await chat.say("run make", as: "m1")
            let card = try await chat.request("Bash")
            try await eventually("the question in the shell") {
                attached.output.contains("? Bash wants to run:")
            }
            try await chat.decide(card, ["approved": true, "decision": "approved"])
            try await eventually("its end in the shell") {
                attached.output.contains("decided elsewhere") && attached.output.contains("it ran")
            }
            try await chat.say("run rm", as: "m2")
            _ = try await chat.request("Bash")
            let allowed = try await home.hapi("runner", "approve-tool", chat.id, "--deny")
            #expect(allowed.status == 0 && allowed.output.contains("Refused: Bash: rm"), "\(allowed)")
            try await chat.draws("it was refused")
            let nothing = try await home.hapi("runner", "approve-tool", chat.id)
            #expect(nothing.status == 1 && nothing.errors.contains("has no open request"), "\(nothing)")
            try await chat.isIdle()
            #expect(try await home.hapi("send", chat.id, "say", "from the shell").status == 0)
            let lines = try await chat.draws("from the shell")
            #expect(lines.contains("> say from the shell"))
        }
    }

    @Test func theSocketIsForThisUserAlone() async throws {
        try await Self.alone { home, id in
            let folder = home.path + "/sockets"
            let sockets = entries(of: folder)
            #expect(sockets.count == 1)
            #expect(Self.mode(of: folder) == 0o700)
            for name in sockets { #expect(Self.mode(of: "\(folder)/\(name)") == 0o600) }
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await eventually("the socket to be gone") { entries(of: folder).isEmpty }
        }
    }

    private static func mode(of path: String) -> mode_t? {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    @Test func whatIsNoSessionOrNoOrderIsAClearError() async throws {
        try await Self.alone { home, id in
            let unknown = try await home.hapi("send", "nobody", "x")
            #expect(unknown.status == 1 && unknown.errors.contains("nobody"), "\(unknown)")
            let empty = try await home.hapi("send", id, "")
            #expect(empty.status == 1 && empty.errors.contains("text"), "\(empty)")
        }
    }
}

extension TestHome {
    struct Typed: Sendable {
        var output: String
        var status: Int?
        var restored: Bool
        var missed: String?
    }

    /// Runs the program in a pseudo-terminal and types.
    func typing(_ steps: [[String]], _ arguments: String...) async throws -> Typed {
        try await typing(steps, arguments)
    }

    func typing(_ steps: [[String]], _ arguments: [String], in directory: String? = nil) async throws -> Typed
    {
        let script = try JSON.text(JSONValue.array(steps.map { .array($0.map { .string($0) }) }))
        let terminal = try start(
            ["/usr/bin/python3", "-I", Paths.root + "/Tests/Agents/terminal.py", script, Paths.program]
                + arguments,
            ["TERM": "xterm"], in: directory)
        _ = try await terminal.ended(within: .seconds(120))
        let lines = terminal.output.split(separator: "\n")
        let last = try JSONValue(json: lines.last.map(String.init) ?? "null")
        return Typed(
            output: terminal.output, status: last["status"]?.integer,
            restored: last["restored"]?.bool == true,
            missed: last["missed"]?.string)
    }
}
