import HubProtocol

/// Lenient access to what agents send: a member of an unexpected type counts as missing.
extension JSONValue {
    /// A string that is not empty.
    var words: String? { string.flatMap { $0.isEmpty ? nil : $0 } }

    /// A number of tokens or the like, small enough to be added to others.
    var count: Int? { integer.flatMap { (0...1 << 48).contains($0) ? $0 : nil } }

    /// An object that is not empty.
    var members: [String: JSONValue]? { object.flatMap { $0.isEmpty ? nil : $0 } }

    /// An object without the members that are nil.
    static func object(of members: [String: JSONValue?]) -> JSONValue {
        .object(members.compactMapValues { $0 })
    }

    static func string(_ text: String?) -> JSONValue? { text.map { .string($0) } }
}
