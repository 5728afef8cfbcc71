import HubClient
import HubProtocol
import Processes
import RunnerStore

/// Checking a hub and a token before they are saved.
extension HubREST {
    /// Asks the hub about this machine without changing anything there. Returns the machine's name at the
    /// hub; nil if the hub does not know the machine yet.
    ///
    /// - Throws: ``HubError`` if the hub is unreachable, refuses the token, or is not a hub.
    package static func check(_ configuration: Configuration) async throws -> String? {
        guard let hub = configuration.hub else { return nil }
        // A random id will do: a hub that accepts the token answers that it does not know the machine.
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
