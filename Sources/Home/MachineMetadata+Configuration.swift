import HubClient
import HubProtocol
import Processes
import RunnerStore

extension MachineMetadata {
    /// The metadata that a session process sends about the machine.
    package init(_ configuration: Configuration) {
        self.init(host: configuration.host, platform: "linux", happyCliVersion: ProgramFile.version)
        homeDir = try? UserHome.path(configuration.environment)
        happyHomeDir = configuration.home.path
        happyLibDir = parentDirectory(ProgramFile.current.path)
    }
}
