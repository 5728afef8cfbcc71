import FoundationEssentials
import Glibc
import Testing

extension TestHome {
    /// Expects that one runner at most, its monitors and what the store knows of are alive.
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

    /// Processes of this home that are not below a recorded session, a monitor or a test.
    private func strays() async throws -> [pid_t] {
        guard exists(store), !Census(self).members.isEmpty else { return [] }
        let recorded = try await list().compactMap(\.pid)
        let census = Census(self)
        return census.strays(besides: recorded) + census.runners.dropFirst()
    }

    /// Ends whatever lives, and removes the home.
    func end(_ location: SourceLocation) async {
        Census(self).kill(sparingMonitors: true)
        // Monitors see the end of what they watch, and leave.
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
        // What is left in the temporary directory harms nobody.
        if getenv("HAPI_TEST_KEEP") == nil { try? FileManager.default.removeItem(atPath: root) }
    }
}
