import HubProtocol

/// What agents send is looked at member by member: whatever does not fit is as if it were not there.
extension JSONValue {
    /// A text that says something.
    var words: String? { string.flatMap { $0.isEmpty ? nil : $0 } }

    /// A number of tokens or the like, which can be added to others.
    var count: Int? { integer.flatMap { (0...1 << 48).contains($0) ? $0 : nil } }

    /// An object that holds something.
    var members: [String: JSONValue]? { object.flatMap { $0.isEmpty ? nil : $0 } }

    /// An object without the members that are nil.
    static func object(of members: [String: JSONValue?]) -> JSONValue {
        .object(members.compactMapValues { $0 })
    }

    static func string(_ text: String?) -> JSONValue? { text.map { .string($0) } }
}
