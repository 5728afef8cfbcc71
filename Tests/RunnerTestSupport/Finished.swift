/// What a run of the program came to.
public struct Finished: Sendable, CustomStringConvertible {
    public let status: Int32
    public let output: String
    public let errors: String

    public init(status: Int32, output: String, errors: String) {
        self.status = status
        self.output = output
        self.errors = errors
    }

    /// With both streams, so that a failed expectation shows what was said.
    public var description: String { "status \(status)\nstdout: \(output)\nstderr: \(errors)" }
}
