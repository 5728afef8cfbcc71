import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerStore
import RunnerTestSupport
import Testing

/// Replacing the program of a running runner.
@Suite(.serialized) struct RenewalTests {
    private static let quick = ["HAPI_RUNNER_HEARTBEAT_INTERVAL": "300"]

    /// A home whose runner runs a separate program file, which a test can replace.
    private func withInstalledProgram(
        _ hub: TestHub? = nil, _ environment: [String: String] = quick,
        _ body: (TestHome, _ runner: ProcessIdentity) async throws -> Void
    ) async throws {
        try await TestHome.with(hub, environment) { home in
            try install(Paths.program, in: home)
            let started = try home.start([program(home), "runner", "start"])
            try #require(await started.ended(within: .seconds(40)) == 0, "\(started.errors)")
            try await body(home, try home.runner())
        }
    }

    private func program(_ home: TestHome) -> String { home.root + "/bin/hapi" }

    /// Like an installer: a new file is renamed over the old one.
    private func install(_ source: String, in home: TestHome) throws {
        let copied = try home.start(["/bin/cp", source, program(home) + ".new"])
        waitpid(copied.pid, nil, 0)
        #expect(rename(program(home) + ".new", program(home)) == 0)
    }

    private func installScript(_ script: String, in home: TestHome) throws {
        try home.write("bin/hapi.new", "#!/bin/sh\n\(script)\n", mode: 0o755)
        #expect(rename(program(home) + ".new", program(home)) == 0)
    }

    private func lives(_ home: TestHome) async throws -> Int {
        Int(try await home.inStore("SELECT count(*) FROM runners")) ?? 0
    }

    @Test func theRunnerBecomesTheNewProgramAndNoRequestFails() async throws {
        try await withInstalledProgram { home, runner in
            var ids: [String] = []
            for name in ["a", "b", "c"] { ids.append(try await home.spawn(name)) }
            let control = try home.control()
            let (sessions, renewed) = (Set(ids), OneTimeFlag())
            let requests = try await withThrowingTaskGroup(of: Int.self) { group in
                group.addTask {
                    var requests = 0
                    while !renewed.isSet {
                        let answer = try await control.post("list")
                        #expect(answer.status == 200, "\(answer)")
                        let listed = answer.body["children"]?.array?.compactMap {
                            $0["happySessionId"]?.string
                        }
                        #expect(Set(listed ?? []) == sessions)
                        requests += 1
                        try await Task.sleep(for: .milliseconds(20))
                    }
                    return requests
                }
                try install(Paths.program, in: home)
                try await eventually("the renewal", within: .seconds(90)) {
                    try await lives(home) == 2
                }
                renewed.set()
                return try await group.next() ?? 0
            }
            #expect(requests > 0)
            #expect(try home.runner() == runner)
            #expect(try home.control().port == control.port)
            #expect(
                try await home.inStore("SELECT end_reason FROM runners ORDER BY id LIMIT 1") == "replaced")
            #expect(try await home.list().allSatisfy { $0.adopted && $0.state == "running" })
            try await exitsAreKnown(home, ids)
        }
    }

    /// Thirty-two continuous callers, half of which start and stop sessions, on connections that stay open.
    @Test(.timeLimit(.minutes(4))) func renewalsUnderLoadBreakNothingOff() async throws {
        try await withInstalledProgram { home, runner in
            let callers = try home.start(
                [Paths.python, Paths.root + "/Tests/Hub/callers.py"]
                    + ["\(home.control().port)", "20", "12", home.work], input: .held)
            try await eventually("callers", within: .seconds(30)) { callers.output.contains("calling") }
            for life in 2...4 {
                try install(Paths.program, in: home)
                try await eventually("life \(life)", within: .seconds(60)) { try await lives(home) >= life }
            }
            callers.closeInput()
            #expect(try await callers.ended(within: .seconds(60)) == 0, "\(callers.errors)")
            let told = try JSONValue(json: callers.output.split(separator: "\n").last.map(String.init) ?? "")
            print("renewals under load: \(callers.output.split(separator: "\n").last ?? "")")
            #expect(told["failures"]?.array == [])
            #expect((told["requests"]?.integer ?? 0) > 100)
            #expect(try home.runner() == runner)
            try await eventually("no session left") { try await home.list().isEmpty }
            try await eventually("reaped monitors") {
                ProcessTable.all().allSatisfy { $0.parent != runner.pid || !$0.isZombie }
            }
        }
    }

    /// A long spawn prevents the renewal.
    @Test func aStopIsHeardWhileARenewalWaits() async throws {
        try await withInstalledProgram { home, runner in
            let slow = try home.makeDirectory("work/slow", behaving: "mute")
            let control = try home.control()
            async let answer = control.post("spawn-session", ["directory": .string(slow)])
            try await eventually("the spawn") { try await home.list().count == 1 }
            try install(Paths.program, in: home)
            try await eventually("the renewal's wait", within: .seconds(60)) {
                home.logText.contains("found a new program")
            }
            try await Task.sleep(for: .milliseconds(500))
            let asked = ContinuousClock.now
            try await home.stopRunner()
            #expect(ContinuousClock.now - asked < .seconds(8))
            #expect(!isAlive(runner))
            #expect(try await home.inStore("SELECT group_concat(end_reason) FROM runners") == "hapi-cli")
            _ = try? await answer
        }
    }

    private func exitsAreKnown(_ home: TestHome, _ ids: [String]) async throws {
        let (first, second) = (try await home.process(of: ids[0]), try await home.process(of: ids[1]))
        #expect(killVerified(first))
        #expect(try await home.ending(of: ids[0]).signal == "SIGKILL")
        #expect(killVerified(second, SIGTERM))
        #expect(try await home.ending(of: ids[1]).code == 0)
        let runner = try home.runner().pid
        try await eventually("reaped monitors") {
            ProcessTable.all().allSatisfy { $0.parent != runner || !$0.isZombie }
        }
    }

    @Test func aProgramThatFailsItsProofLeavesTheOldOneServing() async throws {
        try await withInstalledProgram { home, runner in
            let id = try await home.spawn("a")
            try installScript("echo broken >&2; exit 1", in: home)
            let word = try await eventually("a word about it", within: .seconds(90)) {
                try await notice(home)
            }
            #expect(word.contains("broken"))
            #expect(try home.runner() == runner && isAlive(runner))
            #expect(try await lives(home) == 1)
            #expect(try await home.session(id).state == "running")
        }
    }

    @Test func aProgramThatFailsAfterItsProofIsLeftAgain() async throws {
        try await withInstalledProgram { home, _ in
            let id = try await home.spawn("a")
            let port = try home.control().port
            let proven = home.root + "/proven"
            try installScript(
                "if [ -e \(proven) ]; then exit 1; fi; touch \(proven); exec \(Paths.program) \"$@\"",
                in: home)
            try await eventually("another life", within: .seconds(90)) {
                try await lives(home) == 2
            }
            _ = try await eventually("a word about it") { try await notice(home) }
            #expect(try await home.control().post("list").status == 200)
            #expect(try home.control().port == port)
            #expect(try await home.session(id).adopted)
        }
    }

    @Test func aProgramThatIsKilledBeforeItServesIsLeftAgain() async throws {
        try await withInstalledProgram { home, _ in
            let id = try await home.spawn("a")
            let proven = home.root + "/proven"
            try installScript(
                """
                if [ -e \(proven) ]; then export HAPI_CRASH_AT=control-bound; fi
                touch \(proven); exec \(Paths.program) "$@"
                """, in: home)
            try await eventually("a third life", within: .seconds(90)) {
                try await home.inStore("SELECT count(*) FROM runners WHERE end_reason IS NOT NULL") == "2"
            }
            #expect(try await home.control().post("list").status == 200)
            #expect(try await home.session(id).state == "running")
            #expect(try await home.inStore("SELECT end_reason FROM runners WHERE id = 2") == "crashed")
        }
    }

    @Test func aStopThatComesBetweenTwoImagesIsHeardByTheNext() async throws {
        let environment = Self.quick.merging(["HAPI_CRASH_AT": "renewal:stop"]) { _, new in new }
        try await withInstalledProgram(nil, environment) { home, runner in
            let id = try await home.spawn("a")
            try install(Paths.program, in: home)
            try await eventually("the moment between", within: .seconds(90)) {
                isSuspended(runner)
            }
            kill(runner.pid, SIGTERM)
            kill(runner.pid, SIGCONT)
            try await eventually("the end of the next image") { !isAlive(runner) }
            let endings = try await home.inStore("SELECT group_concat(end_reason) FROM runners")
            #expect(endings == "replaced,os-signal")
            try await always("another runner serves on", for: .seconds(2)) {
                try await home.hapi("runner", "status").status == 3
            }
            #expect(try await home.session(id).state == "running")
        }
    }

    /// For example a git hook of a renewed runner that starts another runner.
    @Test func whatOneImageLeavesToTheNextIsOfNoUseToAnybodyElse() async throws {
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let stolen = #"{"owner":\#(runner.pid),"lock":0,"listener":1,"program":"/bin/true"}"#
            let second = try home.launch(["runner", "start-sync"], ["HAPI_RUNNER_RENEWAL": stolen])
            #expect(try await second.ended() == 75, "\(second.errors)")
            #expect(try await home.status().running && home.runner() == runner)
        }
    }

    @Test func aHalfWrittenProgramIsWaitedOut() async throws {
        try await withInstalledProgram { home, runner in
            try await Task.sleep(for: .milliseconds(400))
            try home.write("bin/hapi.new", "", mode: 0o755)
            #expect(rename(program(home) + ".new", program(home)) == 0)
            let whole = try #require(home.bytes(Paths.program))
            for part in 1...4 {
                try home.writeBytes("bin/hapi", Array(whole.prefix(whole.count * part / 4)))
                try await Task.sleep(for: .milliseconds(700))
                #expect(try home.runner() == runner)
            }
            try await eventually("the renewal", within: .seconds(90)) {
                try await lives(home) == 2
            }
            #expect(try await notice(home) == nil)
        }
    }

    @Test func renewalCanBeTurnedOffAndTheHubIsToldOfTheProgram() async throws {
        try await TestHub.with { hub in
            let environment = Self.quick.merging(["HAPI_DISABLE_VERSION_HANDOFF": "1"]) { _, new in new }
            try await withInstalledProgram(hub, environment) { home, runner in
                try install(Paths.program, in: home)
                try await always("it was renewed", for: .seconds(4)) { try await lives(home) == 1 }
                let metadata = try await hub.machine(home)?["metadata"]
                #expect(metadata?["startedCliMtimeMs"] != nil && metadata?["installedCliMtimeMs"] != nil)
            }
        }
    }

    private func notice(_ home: TestHome) async throws -> String? {
        let finished = try await home.hapi("runner", "status", "--json")
        return try JSONValue(json: finished.output)["runner"]?["notice"]?.string
    }
}
