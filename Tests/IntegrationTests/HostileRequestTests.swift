import Glibc
import Home
import HubProtocol
import Processes
import Runner
import RunnerStore
import RunnerTestSupport
import Testing

/// Hostile requests from seeded generators: the runner survives all of them, and none leaves a trace.
@Suite(.serialized) struct HostileRequestTests {
    private static let isLong = getenv("ROUNDS") != nil

    @Test(.timeLimit(.minutes(10))) func malformedRequestsToTheControlServerAreSurvived() async throws {
        var random = SeededRandom.announced(for: "malformed requests")
        let seed = Int.random(in: 0..<1_000_000, using: &random)
        let count = Self.isLong ? 10_000 : 2000
        try await TestHome.with { home in
            let runner = try await home.startRunner()
            let id = try await home.spawn("kept")
            let control = try home.control()
            try await send(200, seed + 1, control, home)
            try await eventually("an idle server") { descriptorCount(runner.pid) < 40 }
            let (files, memory) = (descriptorCount(runner.pid), residentKiB(runner.pid))
            let told = try await send(count, seed, control, home)
            #expect(isAlive(runner))
            #expect(try await control.post("list").status == 200)
            #expect(try await home.list().map(\.happySessionId) == [id])
            #expect(try await home.list(all: true).count == 1)
            #expect(home.sessionProcesses().count == 1)
            try await eventually("no descriptor more than before: \(files)") {
                descriptorCount(runner.pid) <= files
            }
            let grown = residentKiB(runner.pid) - memory
            print(
                "malformed requests: \(count): \(told); \(files) descriptors before and after, \(memory) KiB and \(grown) more"
            )
            #expect(grown < 32_768)
            #expect(try await home.hapi("runner", "stop-session", id).status == 0)
            try await home.stopRunner()
        }
    }

    @Test func aRunnerThatIsStoppedAmidConnectionsEndsCleanly() async throws {
        try await TestHome.with { home in
            for _ in 0..<5 {
                try await home.startRunner()
                let control = try home.control()
                let script = Paths.root + "/Tests/Hub/malformed.py"
                let noise = try home.start([Paths.python, script, "\(control.port)", "100000", "1"])
                try await eventually("connections") { descriptorCount((try? home.runner().pid) ?? 0) > 30 }
                try await home.stopRunner()
                noise.signal(SIGKILL)
            }
            let unclean = "SELECT count(*) FROM runners WHERE end_reason IS NOT 'hapi-cli'"
            #expect(try await home.inStore(unclean) == "0")
        }
    }

    /// - Returns: how many were answered in which way.
    @discardableResult
    private func send(_ count: Int, _ seed: Int, _ control: ControlPort, _ home: TestHome) async throws
        -> String
    {
        let script = Paths.root + "/Tests/Hub/malformed.py"
        let child = try home.start([Paths.python, script, "\(control.port)", "\(count)", "\(seed)"])
        let status = try await child.ended(within: .seconds(300))
        #expect(status == 0, "SEED \(seed): \(child.output)\(child.errors)")
        return String(child.output.dropLast())
    }

    // MARK: A hostile hub

    @Test(.timeLimit(.minutes(10))) func hostileCallsFromTheHubAreAllAnswered() async throws {
        var random = SeededRandom.announced(for: "hostile calls")
        let calls = (0..<(Self.isLong ? 10_000 : 1000)).map { _ in Self.call(&random) }
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let runner = try await home.startRunner()
                let id = try await home.spawn("kept")
                try await eventually("the hub's connection") {
                    try await home.status().runner?.hubState == "connected"
                }
                let machine = try #require(try home.machineID)
                let files = descriptorCount(runner.pid)
                var counts: [String: Int] = [:]
                for begin in stride(from: 0, to: calls.count, by: 20) {
                    let some = Array(calls[begin..<min(begin + 20, calls.count)])
                    let answers = try await atOnce(some.count) { index in
                        try await hub.answer(to: some[index].method, some[index].parameters, of: machine)
                    }
                    for answer in answers { counts[answer, default: 0] += 1 }
                }
                #expect(try home.runner() == runner && isAlive(runner))
                #expect(try await home.session(id).state == "running")
                #expect(home.sessionProcesses().count == 1)
                #expect(
                    try await hub.call("path-exists", ["paths": ["/tmp"]], of: home)["exists"]?["/tmp"]
                        == true)
                try await eventually("no descriptor more than before: \(files)") {
                    descriptorCount(runner.pid) <= files
                }
                let told = counts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }.joined(
                    separator: ", ")
                print("hostile calls: \(calls.count): \(told); \(residentKiB(runner.pid)) KiB")
                #expect(counts["unanswered"] == nil)
                #expect(try await home.hapi("runner", "stop-session", id).status == 0)
                try await home.stopRunner()
            }
        }
    }

    /// Bypasses the hub's checks: sends packets to the machine's socket that are not calls.
    @Test func packetsThatAreNoCallsAreSurvived() async throws {
        var random = SeededRandom.announced(for: "hostile packets")
        let packets = (0..<(Self.isLong ? 2000 : 200)).map { _ in Self.value(&random, depth: 0) }
        try await TestHub.with { hub in
            try await TestHome.with(hub) { home in
                let runner = try await home.startRunner()
                let machine = try #require(try home.machineID)
                let room = "machine:\(machine)"
                try await eventually("a machine to talk to") {
                    try await hub.emit("nothing", [], to: room) == 1
                }
                for (number, packet) in packets.enumerated() {
                    let event = ["rpc-request", "update", "error", "", "rpc-registered", "connect"][
                        number % 6]
                    let call: JSONValue = ["method": packet, "params": packet]
                    _ = try await hub.emit(event, number % 4 == 0 ? call : packet, to: room)
                }
                try await eventually("an answer to a sound call") {
                    (try? await hub.call("path-exists", ["paths": ["/tmp"]], of: home)) != nil
                }
                #expect(try home.runner() == runner)
                #expect(try await home.list(all: true).isEmpty)
                try await home.stopRunner()
            }
        }
    }

    private static let methods = [
        "spawn-happy-session", "stop-session", "path-exists", "list-directory", "cursor-chat-store-status",
        "nothing", "", ":", "spawn-happy-session:spawn-happy-session", "__proto__", "\u{0}", "bash",
    ]
    private static let keys = [
        "directory", "sessionId", "paths", "path", "agent", "yolo", "token", "approvedNewDirectoryCreation",
        "sessionType", "worktreeName", "model", "resumeSessionId", "includeHidden", "", "\u{0}", "__proto__",
    ]

    /// A call that cannot start anything, because none of its directories is absolute.
    private static func call(_ random: inout SeededRandom) -> (method: String, parameters: JSONValue) {
        let method = methods[Int.random(in: 0..<methods.count, using: &random)]
        guard !random.chance(4) else { return (method, value(&random, depth: 0)) }
        var members: [String: JSONValue] = [:]
        for _ in 0..<Int.random(in: 0...5, using: &random) {
            let key = keys[Int.random(in: 0..<keys.count, using: &random)]
            members[key] = value(&random, depth: 0)
        }
        if let directory = members["directory"]?.string { members["directory"] = .string("not/" + directory) }
        return (method, .object(members))
    }

    private static func value(_ random: inout SeededRandom, depth: Int) -> JSONValue {
        switch Int.random(in: 0..<12, using: &random) {
        case 0: return .null
        case 1: return .bool(random.chance(2))
        case 2: return .integer(Int64(truncatingIfNeeded: random.next()))
        case 3: return .number(Double(bitPattern: random.next()).isFinite ? 1e300 : -0.5)
        case 4: return .string(String(repeating: "x/", count: Int.random(in: 0...20_000, using: &random)))
        case 5:
            return .string(
                ["", "\u{0}", "../..", "--help", "\n", "😀", "/proc/self/mem"][
                    Int.random(in: 0..<7, using: &random)])
        case 6:
            var deep: JSONValue = []
            for _ in 0..<Int.random(in: 1...300, using: &random) {
                deep = random.chance(2) ? [deep] : ["a": deep]
            }
            return deep
        case 7, 8:
            guard depth < 3 else { return [] }
            return .array(
                (0..<Int.random(in: 0...6, using: &random)).map { _ in value(&random, depth: depth + 1) })
        case 9:
            guard depth < 3 else { return [:] }
            return .object(["directory": "not/here", "a": value(&random, depth: depth + 1)])
        default:
            let scalars = (0..<Int.random(in: 0...40, using: &random)).compactMap { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x10ffff, using: &random))
            }
            return .string(String(String.UnicodeScalarView(scalars)))
        }
    }
}

extension TestHub {
    /// Classifies the answer to a call that need not be valid.
    fileprivate func answer(to method: String, _ parameters: JSONValue, of machine: String) async throws
        -> String
    {
        let answer = try await rpc("\(machine):\(method)", parameters)
        if let result = answer["result"] {
            return result["error"] != nil || result["type"]?.string == "error"
                || result["success"]?.bool == false
                ? "refused" : "answered"
        }
        let error = answer["error"]?.string ?? ""
        return error.contains("timed out") || error.contains("timeout") ? "unanswered" : "unknown to the hub"
    }
}
