/// What a run of the program came to.
package struct Finished: Sendable, CustomStringConvertible {
    package let status: Int32
    package let output: String
    package let errors: String

    package init(status: Int32, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// With both streams, so that a failed expectation shows what was said.
    package var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}
