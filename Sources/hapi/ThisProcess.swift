import Home

extension RunnerHome {
    static func fromEnvironment() throws -> RunnerHome { try RunnerHome(environment: processEnvironment) }
}

extension Configuration {
    /// The configuration of this process; prints warnings about values that are ignored.
    static func ofThisProcess() throws -> Configuration {
        let configuration = try Configuration.load(environment: processEnvironment)
        for warning in configuration.warnings { Output.complain(warning) }
        return configuration
    }
}
