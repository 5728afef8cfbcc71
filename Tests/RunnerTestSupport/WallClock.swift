import FoundationEssentials
import Glibc
import Testing

/// A wall clock of their own for the programs that a test starts, to be set back and forth. This
/// machine's is never touched.
package final class WallClock: Sendable {
    private let folder: String
    private var library: String { folder + "/clock.so" }
    private var file: String { folder + "/shift" }

    /// For the programs that are to go by this clock. Monitors, which have a bare environment, do not:
    /// to them it is as though it had been set right again.
    package var environment: [String: String] { ["LD_PRELOAD": library, "FAKE_CLOCK": file] }

    package init() async throws {
        var template = Array("/tmp/hapi-test-clock-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        try await compileLibrary("Clock/clock.c", to: folder + "/clock.so")
        set(hours: 0)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    /// Sets it so many hours ahead of this machine's, or behind.
    package func set(hours: Int64) {
        var shift = hours * 3600
        // In place: whoever goes by it has the file mapped.
        let file = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        #expect(write(file, &shift, 8) == 8)
        close(file)
    }
}
