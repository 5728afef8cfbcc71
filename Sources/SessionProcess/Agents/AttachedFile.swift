import FoundationEssentials

/// A file that a person attached, as agents take it.
package enum AttachedFile {
    /// Larger pictures are linked to and not sent along.
    private static let limit = 5 << 20

    /// nil for one that is too large, or cannot be read: the agent gets its path then.
    @Sendable package static func read(_ path: String) -> [UInt8]? {
        // The error would say nothing that the agent's own attempt does not say.
        guard let data = try? Data(contentsOf: URL(filePath: path)), data.count <= limit else { return nil }
        return Array(data)
    }

    static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    static func uri(_ path: String) -> String {
        var text = "file://"
        for byte in path.utf8 {
            let scalar = Unicode.Scalar(byte)
            if byte < 0x80,
                scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "/-._~".unicodeScalars.contains(scalar)
            {
                text.unicodeScalars.append(scalar)
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count < 2 ? "0" : "") + digits
            }
        }
        return text
    }
}
