import Glibc
import HubClient
import Processes
import RunnerStore

/// This process's environment, read once, without what one image of the runner passes to the next.
package let processEnvironment: [String: String] = {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
        let parts = UnsafeBufferPointer(start: text, count: strlen(text)).map { UInt8(bitPattern: $0) }
            .split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(systemName: parts[0])
        if parts.count == 2 && name != Variable.renewal.rawValue {
            variables[name] = String(systemBytes: parts[1])
        }
        entry += 1
    }
    return variables
}()

/// This process's arguments, including its name.
package let processArguments: [String] = (0..<Int(CommandLine.argc)).compactMap { index in
    CommandLine.unsafeArgv[index].map { String(systemText: $0) }
}
