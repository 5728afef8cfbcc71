import FoundationEssentials
import Glibc
import Testing

/// A fake wall clock for the programs of a test. The machine's clock is never changed.
package final class WallClock: Sendable {
    private let folder: String
    private var library: String { folder + "/clock.so" }
    private var file: String { folder + "/shift" }

    /// For the programs that are to use this clock. Monitors don't, because their environment is empty: they
    /// see the real time.
    package var environment: [String: String] { ["LD_PRELOAD": library, "FAKE_CLOCK": file] }

    package init() async throws {
        var template = Array("/tmp/hapi-test-clock-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try await compileLibrary("Clock/clock.c", to: folder + "/clock.so")
        set(hours: 0)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Sets it ahead of the machine's clock by this many hours, or behind if negative.
    package func set(hours: Int64) {
        var shift = hours * 3600
        // Written in place, because programs have the file mapped.
        let file = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        #expect(write(file, &shift, 8) == 8)
        close(file)
    }
}
