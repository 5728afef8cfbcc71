import Glibc
import Home
import HubProtocol
import Processes

extension SessionMetadata {
    /// The metadata about the session that this process sends to the hub and the runner.
    init(
        _ arguments: SessionArguments, _ configuration: Configuration, machineID: String, directory: String,
        mode: String
    ) {
        let machine = MachineMetadata(configuration)
        self.init(path: directory, host: machine.host)
        version = machine.happyCliVersion
        os = machine.platform
        machineId = machineID
        homeDir = machine.homeDir
        happyHomeDir = machine.happyHomeDir
        happyLibDir = machine.happyLibDir
        startedFromRunner = arguments.startedByRunner
        hostPid = getpid()
        startedBy = arguments.startedByRunner ? "runner" : "terminal"
        lifecycleState = "running"
        lifecycleStateSince = Timestamp.now.milliseconds
        flavor = arguments.agent.rawValue
        startingMode = mode
        worktree = SessionWorktree.of(directory, configuration.environment)
    }
}
