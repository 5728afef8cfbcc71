import FoundationEssentials

/// A file that a person attached, in the forms that agents accept.
package enum AttachedFile {
    /// In bytes. Larger images are passed by path.
    private static let limit = 5 << 20

    /// nil if the file is too large or cannot be read. The agent then gets its path.
    @Sendable package static func read(_ path: String) -> [UInt8]? {
        // The error is not needed: the agent gets the same one when it opens the path.
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
