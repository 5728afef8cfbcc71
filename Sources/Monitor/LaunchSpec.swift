import Processes

/// A monitor's instructions. Passed through a descriptor: arguments are visible in `ps`, and an environment
/// may contain secrets.
///
/// Encoded as a list of NUL-terminated strings: no argument, variable or path can contain a NUL.
package struct LaunchSpec: Equatable {
    package var launchID: String
    package var storePath: String
    package var logPath: String
    package var directory: String
    package var program: String
    package var arguments: [String]
    package var environment: [String]
    package var limits: LaunchLimits

    package var encoded: [UInt8] {
        let head =
            [launchID, storePath, logPath, directory, program] + limits.fields + ["\(arguments.count)"]
        return (head + arguments + environment).flatMap { $0.systemBytes + [0] }
    }

    /// nil for bytes that ``encoded`` cannot produce.
    package init?(_ bytes: [UInt8]) {
        guard bytes.last == 0 else { return nil }
        let strings = bytes.dropLast().split(separator: 0, omittingEmptySubsequences: false)
            .map { String(systemBytes: $0) }
        let head = 6 + LaunchLimits.fieldCount
        guard strings.count >= head, let count = Int(strings[head - 1]), count >= 0,
            strings.count - head >= count
        else { return nil }
        launchID = strings[0]
        storePath = strings[1]
        logPath = strings[2]
        directory = strings[3]
        program = strings[4]
        limits = LaunchLimits(fields: strings[5..<(head - 1)])
        arguments = Array(strings[head..<(head + count)])
        environment = Array(strings[(head + count)...])
        // Rejects anything that would not round-trip, such as invalid UTF-8 or a non-canonical number.
        guard encoded == bytes else { return nil }
    }

    package init(
        launchID: String, storePath: String, logPath: String, directory: String, program: String,
        arguments: [String], environment: [String], limits: LaunchLimits = LaunchLimits()
    ) {
        self.launchID = launchID
        self.storePath = storePath
        self.logPath = logPath
        self.directory = directory
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.limits = limits
    }
}
