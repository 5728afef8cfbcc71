import FoundationEssentials
import Glibc
import Testing

extension TestHome {
    /// Expects that only one runner at most, its monitors and processes known to the store are alive.
    func expectNoStrays(_ location: SourceLocation) async {
        do {
            try await eventually(
                "the end of all but the recorded processes: \(strays())", within: .seconds(3), location
            ) {
                try await strays().isEmpty
            }
        } catch {
            Issue.record("\(error)", sourceLocation: location)
        }
    }

    /// Processes of this home that are not descendants of a recorded session, a monitor or a test.
    private func strays() async throws -> [pid_t] {
        guard exists(store), !Census(self).members.isEmpty else { return [] }
        let recorded = try await list().compactMap(\.pid)
        let census = Census(self)
        return census.strays(besides: recorded) + census.runners.dropFirst()
    }

    /// Ends all live processes and removes the home.
    func end(_ location: SourceLocation) async {
        Census(self).kill(sparingMonitors: true)
        // Monitors exit when their sessions have ended.
        do {
            try await eventually("the end of the monitors", within: .seconds(8), location) {
                let census = Census(self)
                census.kill(sparingMonitors: true)
                return census.members.isEmpty
            }
        } catch {
            Issue.record("\(error): \(Census(self).members.map(\.description))", sourceLocation: location)
            Census(self).kill(sparingMonitors: false)
        }
        if hasDisk { _ = try? await start(["/bin/umount", "--lazy", path]).ended() }
        // Errors are ignored: leftovers in the temporary directory do no harm.
        if getenv("HAPI_TEST_KEEP") == nil { try? FileManager.default.removeItem(atPath: root) }
    }
}
