/// Describes coding errors by their place. Never repeats the value, which may be a secret.
enum CodingFailure {
    static func words(for error: any Error) -> String {
        switch error {
        case DecodingError.typeMismatch(let type, let context):
            "\(place(context.codingPath)) is not of type \(type)"
        case DecodingError.valueNotFound(let type, let context):
            "\(place(context.codingPath)) is null where \(type) is expected"
        case DecodingError.keyNotFound(let key, let context):
            "\(place(context.codingPath)) has no key \(key.stringValue)"
        case DecodingError.dataCorrupted(let context):
            "\(place(context.codingPath)) is not valid"
        case EncodingError.invalidValue(let value, let context):
            "\(place(context.codingPath)) of type \(type(of: value)) cannot be represented in JSON"
        default:
            "its coding failed with \(type(of: error))"
        }
    }

    private static func place(_ path: [any CodingKey]) -> String {
        path.isEmpty ? "the value" : path.map(\.stringValue).joined(separator: ".")
    }
}
