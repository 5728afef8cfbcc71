import CProcess
import FoundationEssentials
import Glibc
import HubProtocol
import Processes

/// A connection to the control server that one image of the runner passes to the next, unnoticed by its
/// client.
package struct HeldConnection: Codable, Equatable {
    package let descriptor: Int32
    /// The bytes that were read of a request that was not started.
    package let bytes: Data

    package init(descriptor: Int32, bytes: [UInt8]) {
        self.descriptor = descriptor
        self.bytes = Data(bytes)
    }

    /// Writes connections for the next image to a memory file and returns its descriptor. nil if there are
    /// none, or on failure; these clients then have to repeat their requests.
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

    /// Reads the connections of an earlier image. The file is kept for the case that this image is replaced
    /// by the old one again.
    package static func left(in file: Int32) -> [HeldConnection] {
        guard lseek(file, 0, SEEK_SET) == 0, let text = readToEnd(file) else { return [] }
        // If a newer image wrote a format that this one cannot read, these clients have to repeat their
        // requests.
        return (try? JSON.decode([HeldConnection].self, from: text)) ?? []
    }
}
