import FoundationEssentials
import Glibc
import HubProtocol
import Processes
import RunnerTestSupport
import Testing

/// `hapi logs` and `hapi runner events`.
@Suite(.serialized) struct LogTests {
    @Test func aSessionsOutputIsShownAndFollowedToItsEnd() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let log = try #require(try await home.session(id).logPath)
            let shown = try await home.hapi("logs", "one")
            #expect(shown.output.contains("session \(id)\n"), "\(shown)")
            #expect(try await home.hapi("logs", "one", "-n", "0").output.isEmpty)
            #expect(try await home.hapi("logs", "one", "--path").output == "\(log)\n")
            let undated = try await home.hapi("logs", "one", "--since", "1h")
            #expect(undated.status == 1 && undated.errors.contains("use -n"), "\(undated)")

            let follower = try home.launch(["logs", "one", "-f"])
            #expect(try await follower.firstLine() == "session \(id)")
            try append("more\n", to: log)
            try await eventually("what was added") { follower.output.contains("more\n") }
            #expect(try await home.hapi("stop", "one").status == 0)
            #expect(try await follower.ended() == 0)
            #expect(follower.errors.contains("── ended: "), "\(follower.errors)")
        }
    }

    /// As the monitor cuts it, while others append.
    @Test func aLogWhoseMiddleIsCutOutIsFollowedWithoutRepetitionOrLoss() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let id = try await home.spawn("one")
            let log = try #require(try await home.session(id).logPath)
            let line = String(repeating: "x", count: 90)
            try append((0..<170_000).map { "\($0) \(line)\n" }.joined(), to: log)
            let follower = try home.launch(["logs", "one", "-f", "-n", "1"])
            #expect(try await follower.firstLine() == "169999 \(line)")
            try append((0..<20_000).map { "\($0) \(line)\n" }.joined() + "last\n", to: log)
            try await eventually("the cut") {
                var status = stat()
                return stat(log, &status) == 0 && status.st_size < 12 << 20
            }
            try append("after the cut\n", to: log)
            try await eventually("what followed", within: .seconds(30)) {
                follower.output.hasSuffix("after the cut\n")
            }
            let lines = follower.output.split(separator: "\n")
            #expect(lines.count == 20_003 && lines[20_001] == "last", "\(lines.count)")
            #expect(try await home.hapi("stop", "one").status == 0)
            #expect(try await follower.ended() == 0)
        }
    }

    @Test func theRunnersLogIsFollowedFromOneLifeToTheNext() async throws {
        try await TestHome.with { home in
            let first = try await home.startRunner()
            let recent = try await home.hapi("runner", "logs", "--since", "1h")
            #expect(recent.output.contains("info starting"), "\(recent)")
            let follower = try home.launch(["logs", "-f"])
            try await eventually("the first life") { follower.output.contains("starting") }
            let second = try await home.startRunner([:], ["--replace"])
            try await eventually("the second life") { follower.errors.contains("── runner restarted ──") }
            try await eventually("its first line") {
                follower.output.ranges(of: "info starting").count == 2
            }
            #expect(first != second && follower.status == nil)
            follower.signal(SIGTERM)
            _ = try await follower.ended()
        }
    }

    @Test func eventsAreOneObjectALineAndGoOn() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let ended = try await home.spawn("one", behaving: "exit-after=0")
            try await home.ending(of: ended)
            let past = try await home.hapi("runner", "events")
            let events = try past.output.split(separator: "\n").map { try JSONValue(json: String($0)) }
            let fields: Set = ["id", "at", "sessionId", "name", "agent", "directory", "kind", "detail"]
            #expect(events.count > 2 && events.allSatisfy { $0.keys == fields }, "\(past)")
            #expect(events.first?["kind"] == "requested" && events.first?["name"] == "one")
            let follower = try home.launch(["runner", "events", "--follow"])
            // The follower may have started later than the session.
            try await eventually("an event") {
                _ = try await home.spawn("next-\(Int.random(in: 0..<1_000_000))", behaving: "exit-after=0")
                return follower.output.contains(#""kind":"requested""#)
            }
            #expect(!follower.output.contains(#""name":"one""#))
            follower.signal(SIGTERM)
            _ = try await follower.ended()
        }
    }

    @Test func logsThatWereRemovedComeBackAndOneThatCannotBeOpenedIsNamed() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let logs = "\(home.path)/logs"
            try FileManager.default.removeItem(atPath: logs)
            let id = try await home.spawn("one")
            let log = try #require(try await home.session(id).logPath)
            #expect(log.hasPrefix("\(logs)/sessions/") && home.text(log)?.contains("session \(id)") == true)
            try FileManager.default.removeItem(atPath: "\(logs)/sessions")
            try home.write("home/logs/sessions", "in the way")
            let answer = try await home.control().post("spawn-session", ["directory": .string(home.work)])
            let error = try #require(answer.body["error"]?.string)
            #expect(error.contains("cannot open the session's log \(logs)/sessions/"), "\(error)")
            #expect(error.contains("Not a directory"), "\(error)")
        }
    }

    private func append(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        try #require(file >= 0, "\(path)")
        defer { close(file) }
        let bytes = Array(text.utf8)
        #expect(write(file, bytes, bytes.count) == bytes.count)
    }
}
