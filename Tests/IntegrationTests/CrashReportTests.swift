import FoundationEssentials
import Glibc
import HubProtocol
import RunnerTestSupport
import Testing

/// A crashing runner logs the signal, and commands show it.
@Suite(.serialized) struct CrashReportTests {
    @Test(arguments: [SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP])
    func aCrashIsOnRecord(signal: Int32) async throws {
        let names = [
            SIGSEGV: "SIGSEGV", SIGBUS: "SIGBUS", SIGILL: "SIGILL", SIGFPE: "SIGFPE", SIGABRT: "SIGABRT",
            SIGTRAP: "SIGTRAP",
        ]
        let name = try #require(names[signal])
        try await TestHome.with { home in
            let crashed = try await home.startRunner()
            let log = try #require(try await home.status().runner?.logPath)
            let id = try await home.spawn("one")
            #expect(killVerified(crashed, signal))
            try await eventually("its end") { !isAlive(crashed) }

            let line = try #require(home.text(log)?.split(separator: "\n").last)
            #expect(line.contains(" critical crashed signal=\(name) address=0x0 thread=\(crashed.pid) "))
            #expect(line.split(separator: " ").last?.hasPrefix("calls=0x") == true, "\(line)")

            // No other runner has been started yet.
            let shown = try await home.status()
            #expect(shown.lastRunner?.endReason == "crashed" && shown.lastRunner?.endDetail == name)
            let told = try await home.hapi("runner", "status").output
            #expect(told.contains("crashed: \(name), some time after"), "\(told)")

            try await home.startRunner()
            let recorded = "SELECT end_reason || ' ' || end_detail FROM runners ORDER BY id"
            #expect(try await home.inStore(recorded) == "crashed \(name)")
            #expect(try await home.session(id).state == "running")
            try await home.stopRunner()
            #expect(try await home.status().lastRunner?.endReason == "hapi-cli")
        }
    }

    @Test func absencesNameTheSignal() async throws {
        try await TestHome.with { home in
            let crashed = try await home.startRunner()
            #expect(killVerified(crashed, SIGSEGV))
            try await eventually("its end") { !isAlive(crashed) }
            // Absences shorter than two seconds are not reported.
            try await home.inStore("UPDATE runners SET started_at = started_at - 10000")
            try await home.startRunner()
            let told = try await home.hapi("runner", "absences").output
            #expect(told.contains("crashed: SIGSEGV"), "\(told)")
        }
    }

    @Test func whoIsKilledHasNoLastWords() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            try await home.killRunner()
            let shown = try await home.status()
            #expect(shown.lastRunner?.endReason == "crashed" && shown.lastRunner?.endDetail == nil)
            #expect(try await home.hapi("runner", "status").output.contains("crashed or was killed"))
        }
    }
}
