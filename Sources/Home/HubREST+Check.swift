import HubClient
import HubProtocol
import Processes
import RunnerStore

/// Trying a hub and a token, before they are kept.
extension HubREST {
    /// Asks the hub about this machine, which changes nothing there. Returns the name the hub knows it by;
    /// nil where it does not know it yet.
    ///
    /// - Throws: ``HubError`` where the hub is away, refuses the token, or is none.
    package static func check(_ configuration: Configuration) async throws -> String? {
        guard let hub = configuration.hub else { return nil }
        // An id that no machine has is as good: a hub that takes the token says that it does not know it.
        let machineID = try Settings.read(configuration.home).machineID ?? newID()
        let rest = try HubREST(hub, patience: .seconds(15))
        do {
            let name = try await rest.knownName(ofMachine: machineID)
            await rest.shutdown()
            return name
        } catch {
            await rest.shutdown()
            throw error
        }
    }
}
