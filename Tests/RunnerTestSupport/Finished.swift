/// The result of a run of the program.
package struct Finished: Sendable, CustomStringConvertible {
    package let status: Int32
    package let output: String
    package let errors: String

    package init(status: Int32, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// Contains both streams, so that a failed expectation shows them.
    package var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}
