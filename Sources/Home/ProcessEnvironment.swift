import Glibc
import HubClient
import Processes
import RunnerStore

/// This process's environment, as it was when it was first asked for, without what one image of the
/// runner leaves to the next.
package let processEnvironment: [String: String] = {
    var variables: [String: String] = [:]
    var entry = environ
    while let text = entry.pointee {
        let parts = Array(UnsafeBufferPointer(start: text, count: strlen(text)))
            .split(separator: CChar(UInt8(ascii: "=")), maxSplits: 1, omittingEmptySubsequences: false)
            .map { part in String(systemBytes: part.map { UInt8(bitPattern: $0) }) }
        if parts.count == 2 && parts[0] != Variable.renewal.rawValue { variables[parts[0]] = parts[1] }
        entry += 1
    }
    return variables
}()

/// This process's arguments, its own name among them.
package let processArguments: [String] = (0..<Int(CommandLine.argc)).compactMap { index in
    CommandLine.unsafeArgv[index].map { String(systemText: $0) }
}
