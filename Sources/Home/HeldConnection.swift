import CProcess
import FoundationEssentials
import Glibc
import HubProtocol
import Processes

/// A connection to the control server that one image of the runner leaves to the next: whoever is on it
/// notices nothing.
package struct HeldConnection: Codable, Equatable {
    package let descriptor: Int32
    /// What was read of a request that was not begun.
    package let bytes: Data

    package init(descriptor: Int32, bytes: [UInt8]) {
        self.descriptor = descriptor
        self.bytes = Data(bytes)
    }

    /// Writes down what is left to the next image, in a file in memory. nil if there is nothing, or that
    /// fails: then these clients have to ask again.
    package static func leave(_ connections: [HeldConnection]) -> Int32? {
        guard !connections.isEmpty, let text = try? JSON.encode(connections) else { return nil }
        let file = cprocess_memory_file("connections")
        guard file >= 0 else { return nil }
        guard writeAll(file, text) else {
            close(file)
            return nil
        }
        return file
    }

    /// Reads what an earlier image has left; the file stays as it is, for an image that is gone back to.
    package static func left(in file: Int32) -> [HeldConnection] {
        guard lseek(file, 0, SEEK_SET) == 0, let text = readToEnd(file) else { return [] }
        // A newer image may have written down more than this one can read: then these clients ask again.
        return (try? JSON.decode([HeldConnection].self, from: text)) ?? []
    }
}
