import Glibc

/// Paths, arguments and variables are bytes to the kernel, and mostly UTF-8. A `String` carries the others too:
/// each byte that is no part of UTF-8 is carried as a scalar of its own, at the end of the last private plane.
/// Made by ``init(systemBytes:)`` from what the kernel gives, and turned back by ``systemBytes`` wherever
/// something is given to it, so that every name comes out as it went in.
extension String {
    /// U+10FE80 to U+10FEFF stand for the bytes 0x80 to 0xFF.
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
                // A carrier that is there as such would be taken for its byte: its own bytes are carried.
                if let carrier = Unicode.Scalar(Self.carrier + UInt32(byte)) {
                    unicodeScalars.append(carrier)
                }
                rest = rest.dropFirst()
            }
        }
    }

    /// The name of a variable: every byte of it that is not ASCII is carried, because names are keys, and to a
    /// `String` names of other bytes may be the same.
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

    /// From a C string of the kernel's.
    package init(systemText pointer: UnsafePointer<CChar>) {
        self.init(systemBytes: UnsafeBufferPointer(start: pointer, count: strlen(pointer)))
    }

    /// What the kernel is given for it.
    package var systemBytes: [UInt8] {
        guard carriesBytes else { return Array(utf8) }
        return unicodeScalars.flatMap { scalar in
            scalar.carriesByte ? [UInt8(truncatingIfNeeded: scalar.value)] : Array(String(scalar).utf8)
        }
    }

    /// Whether it holds bytes that are not UTF-8.
    package var carriesBytes: Bool {
        // The first byte of every carrier, and rare in text.
        utf8.contains(0xF4) && unicodeScalars.contains(where: \.carriesByte)
    }

    /// Passes it on as a C string.
    package func withSystemText<Result>(_ body: (UnsafePointer<CChar>) throws -> Result) rethrows -> Result {
        guard carriesBytes else { return try withCString(body) }
        return try body(systemBytes.map { CChar(bitPattern: $0) } + [0])
    }
}

extension Unicode.Scalar {
    /// Whether it stands for a byte that is not UTF-8.
    package var carriesByte: Bool { (0x10FE80...0x10FEFF).contains(value) }

    /// The byte as people write it: `\xff`.
    package var byteInWords: String { "\\x" + String(value & 0xFF, radix: 16) }
}
