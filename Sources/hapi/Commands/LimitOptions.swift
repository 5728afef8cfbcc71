import ArgumentParser
import HubProtocol
import Runner

/// The flags for a session's resource limits.
struct LimitOptions: ParsableArguments {
    @Option(help: ArgumentHelp("At most this much memory, for example 512M or 8G.", valueName: "size"))
    var memory: String?
    @Option(help: ArgumentHelp("At most this many processors, for example 0.5 or 2.", valueName: "number"))
    var cpus: Double?
    @Option(help: ArgumentHelp("Stop it after this time, for example 30min or 4h.", valueName: "time"))
    var timeout: String?

    var areGiven: Bool { memory != nil || cpus != nil || timeout != nil }

    func validate() throws {
        do {
            _ = try SessionLimits(memory: memory, cpus: cpus, timeout: timeout)
        } catch {
            throw ValidationError(error.description)
        }
    }

    /// Replaces the limits that are given as flags, and keeps the others.
    func applied(to parameters: SpawnParameters) -> SpawnParameters {
        var limited = parameters
        limited.memory = memory ?? parameters.memory
        limited.cpus = cpus ?? parameters.cpus
        limited.timeout = timeout ?? parameters.timeout
        return limited
    }
}
