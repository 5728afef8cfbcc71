/// An environment variable, a flag, or a key of the settings with an invalid value.
package struct ConfigurationError: Error, CustomStringConvertible {
    package let variable: String
    package let description: String

    package init(variable: String, value: String, needed: String) {
        self.init(variable: variable, problem: "is '\(value)'", needed: needed)
    }

    /// For a value that may be secret: `problem` describes it without showing it.
    package init(variable: String, problem: String, needed: String) {
        self.variable = variable
        description = "\(variable) \(problem): \(needed) is needed"
    }
}
