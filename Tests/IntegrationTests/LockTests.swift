import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// A home has exactly one runner.
@Suite(.serialized) struct LockTests {
    enum LockFile: String, CaseIterable { case none, empty, garbage, stranger }

    @Test(arguments: LockFile.allCases) func ofTenStartsExactlyOneLives(over file: LockFile) async throws {
        try await TestHome.with { home in
            let stranger = try ChildProcess(["/bin/sleep", "100"])
            _ = try home.makeDirectory("home")
            switch file {
            case .none: break
            case .empty: try home.write("home/runner.state.json.lock", "")
            case .garbage: try home.write("home/runner.state.json.lock", "no\u{0}pid\n")
            case .stranger: try home.write("home/runner.state.json.lock", "\(stranger.pid)")
            }
            try await expectOneOfTen(home)
            #expect(stranger.status == nil)
        }
    }

    @Test func ofTenStartsAgainstACleanStopExactlyOneLives() async throws {
        try await TestHome.with { home in
            let first = try await home.startRunner()
            let stop = try home.launch(["runner", "stop"])
            try await expectOneOfTen(home)
            #expect(try await stop.ended() == 0)
            #expect(!isAlive(first))
        }
    }

    @Test func ofTenStartsOverADeadRunnerExactlyOneLives() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            try await home.killRunner()
            try await expectOneOfTen(home)
            #expect(try await home.session(id).adopted)
        }
    }

    @Test func hapisOwnRunnerIsRespected() async throws {
        try await TestHome.with { home in
            let foreign = try ChildProcess(["/bin/sh", "-c", "sleep 100; :", "runner", "start-sync"])
            try await eventually("the foreign runner's words") {
                home.text("/proc/\(foreign.pid)/cmdline")?.contains("start-sync") == true
            }
            _ = try home.makeDirectory("home")
            try home.write("home/runner.state.json.lock", "\(foreign.pid)")
            let finished = try await home.hapi("runner", "start-sync")
            #expect(finished.status == 75, "\(finished)")
            #expect(home.text(home.lockFile) == "\(foreign.pid)")
            #expect(foreign.status == nil)
        }
    }

    /// A stale lock file whose pid now belongs to another runner: another user's, or one that serves another
    /// home.
    @Test(arguments: [true, false])
    func anotherRunnerUnderTheRecordedPidStandsInNobodysWay(isSomebodyElses: Bool) async throws {
        guard !isSomebodyElses || geteuid() == 0 else { return }
        try await TestHome.with { home in
            let words = ["/bin/sh", "-c", "sleep 100; :", "runner", "start-sync"]
            let nobody = ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups"]
            let other = try ChildProcess(
                (isSomebodyElses ? nobody : []) + words,
                environment: isSomebodyElses ? [:] : ["HAPI_HOME": home.root + "/other"])
            try await eventually("the other runner's words") {
                home.text("/proc/\(other.pid)/cmdline")?.hasPrefix("/bin/sh") == true
            }
            _ = try home.makeDirectory("home")
            try home.write("home/runner.state.json.lock", "\(other.pid)")
            try home.write(
                "home/runner.state.json",
                #"{"pid":\#(other.pid),"httpPort":1,"startTime":"","startedWithCliVersion":"0.29.0"}"#)
            try await home.startRunner()
            #expect(other.status == nil)
            try await home.stopRunner()
        }
    }

    @Test func aStrangerUnderTheRecordedPidIsNeverSignalled() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.killRunner()
            let stranger = try ChildProcess(["/bin/sleep", "100"])
            try await home.inStore("UPDATE runners SET pid = \(stranger.pid)")
            let state = try home.state().object ?? [:]
            let forged = state.merging(["pid": .integer(Int64(stranger.pid))]) { _, new in new }
            try home.write("home/runner.state.json", try JSON.text(JSONValue.object(forged)))

            let stopped = try await home.hapi("runner", "stop")
            #expect(stopped.status == 0 && stopped.output.contains("No runner is running"))
            #expect(try await home.status().running == false)
            try await home.startRunner()
            try await home.startRunner([:], ["--replace"])
            #expect(stranger.status == nil)
        }
    }

    /// Starts ten at once, and expects that nine give up and one answers.
    private func expectOneOfTen(_ home: TestHome, location: SourceLocation = #_sourceLocation) async throws {
        let runners = try (0..<10).map { _ in try home.launch(["runner", "start-sync"]) }
        try await eventually("the end of nine of ten", within: .seconds(40), location) {
            runners.count { $0.status != nil } >= 9
        }
        let living = runners.filter { $0.status == nil }
        let statuses = runners.compactMap(\.status)
        #expect(statuses == Array(repeating: 75, count: 9), sourceLocation: location)
        let winner = try #require(living.first, sourceLocation: location)
        try await eventually("the answer of the one", location) {
            try home.state()["pid"]?.integer == Int(winner.pid)
        }
        #expect(home.text(home.lockFile) == "\(winner.pid)", sourceLocation: location)
        #expect(try await home.control().post("list").status == 200, sourceLocation: location)
    }
}
