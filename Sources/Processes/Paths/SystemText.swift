import Glibc

/// To the kernel, paths, arguments and variables are bytes, mostly UTF-8. To carry other bytes in a `String`,
/// each is mapped to a scalar at the end of the last private plane. ``init(systemBytes:)`` maps what comes
/// from the kernel, and ``systemBytes`` maps it back when it goes to the kernel, so that every name
/// round-trips.
extension String {
    /// U+10FE80 to U+10FEFF represent the bytes 0x80 to 0xFF.
    private static let carrier: UInt32 = 0x10FE00

    package init(systemBytes bytes: some Collection<UInt8>) {
        if let text = String(validating: bytes, as: UTF8.self), !text.carriesBytes {
            self = text
            return
        }
        self = ""
        var rest = Array(bytes)[...]
        while let byte = rest.first {
            if let (scalar, length) = Self.scalar(at: rest), !scalar.carriesByte {
                unicodeScalars.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                // A mapped scalar in the input would be mapped back to one byte, so its own bytes are mapped.
                if let carrier = Unicode.Scalar(Self.carrier + UInt32(byte)) {
                    unicodeScalars.append(carrier)
                }
                rest = rest.dropFirst()
            }
        }
    }

    /// For names of variables: maps every non-ASCII byte, because names are keys, and `String` considers some
    /// different bytes equal.
    package init(systemName bytes: some Collection<UInt8>) {
        self = ""
        for byte in bytes {
            let scalar = Unicode.Scalar(byte < 0x80 ? UInt32(byte) : Self.carrier + UInt32(byte))
            if let scalar { unicodeScalars.append(scalar) }
        }
    }

    private static func scalar(at bytes: ArraySlice<UInt8>) -> (Unicode.Scalar, length: Int)? {
        var (parser, rest) = (Unicode.UTF8.ForwardParser(), bytes.prefix(4).makeIterator())
        guard case .valid(let encoded) = parser.parseScalar(from: &rest) else { return nil }
        return (Unicode.UTF8.decode(encoded), encoded.count)
    }

    package init(systemBytes bytes: UnsafeBufferPointer<CChar>) {
        self.init(systemBytes: bytes.map { UInt8(bitPattern: $0) })
    }

    /// From a C string of the kernel.
    package init(systemText pointer: UnsafePointer<CChar>) {
        self.init(systemBytes: UnsafeBufferPointer(start: pointer, count: strlen(pointer)))
    }

    /// The bytes for the kernel.
    package var systemBytes: [UInt8] {
        guard carriesBytes else { return Array(utf8) }
        return unicodeScalars.flatMap { scalar in
            scalar.carriesByte ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
    }

    /// Whether it contains bytes that are not UTF-8.
    package var carriesBytes: Bool {
        // 0xF4 is the first byte of every mapped scalar, and rare in text.
        utf8.contains(0xF4) && unicodeScalars.contains(where: \.carriesByte)
    }

    /// Calls `body` with the bytes as a C string.
    package func withSystemText<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        guard carriesBytes else { return try withCString(body) }
        return try body(systemBytes.map { CChar(bitPattern: $0) } + [0])
    }
}

extension Unicode.Scalar {
    /// Whether it represents a byte that is not UTF-8.
    package var carriesByte: Bool { (0x10FE80...0x10FEFF).contains(value) }

    /// The byte in readable form: `\xff`.
    package var byteInWords: String { "\\x" + String(value & 0xFF, radix: 16) }
}
