import FoundationEssentials

/// Encodes and decodes JSON for the whole program: no escaped slashes, sorted keys.
package enum JSON {
    package static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        if let value = value as? JSONValue { return JSONWriter(value, pretty: pretty).bytes }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
        return Array(try encoder.encode(value))
    }

    package static func text(_ value: some Encodable) throws -> String {
        String(decoding: try encode(value), as: UTF8.self)
    }

    package static func decode<T: Decodable>(_ type: T.Type, from bytes: some Sequence<UInt8>) throws -> T {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}

extension DecodingError {
    /// What is wrong and where: `directory: a string is needed`.
    package var explanation: String {
        switch self {
        case .keyNotFound(let key, let context): "\(path(context, key)): missing"
        case .valueNotFound(let type, let context):
            "\(path(context)): null, where \(Self.words(type)) is needed"
        case .typeMismatch(let type, let context): "\(path(context)): \(Self.words(type)) is needed"
        // For a number that does not fit its type, the decoder gives no path, as for invalid JSON.
        case .dataCorrupted(let context) where context.codingPath.isEmpty: Self.notJSON
        case .dataCorrupted(let context): "\(path(context)): \(context.debugDescription)"
        @unknown default: "not the JSON that is needed"
        }
    }

    private static let notJSON = "not JSON, or a number in it does not fit"

    private func path(_ context: Context, _ key: (any CodingKey)? = nil) -> String {
        let keys = (context.codingPath + (key.map { [$0] } ?? [])).map {
            $0.intValue.map { "[\($0)]" } ?? $0.stringValue
        }
        return keys.isEmpty ? "the document" : keys.joined(separator: ".")
    }

    private static func words(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a string"
        case is Bool.Type: "true or false"
        case is any BinaryInteger.Type, is any BinaryFloatingPoint.Type: "a number"
        // The decoder reports `[String: Any]` where it expected an object.
        case is any ExpressibleByDictionaryLiteral.Type: "an object"
        case is any Sequence.Type: "a list"
        default: "an object"
        }
    }
}
