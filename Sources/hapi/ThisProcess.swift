import Home

extension RunnerHome {
    static func fromEnvironment() throws -> RunnerHome { try RunnerHome(environment: processEnvironment) }
}

extension Configuration {
    /// What environment and settings say to this process; what of it is not used is told.
    static func ofThisProcess() throws -> Configuration {
        let configuration = try Configuration.load(environment: processEnvironment)
        for warning in configuration.warnings { Output.complain(warning) }
        return configuration
    }
}
