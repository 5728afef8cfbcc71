import HubProtocol

extension JSONValue {
    public var keys: Set<String> { Set(object.map { Array($0.keys) } ?? []) }
    public var isNull: Bool { self == .null }

    public init(json text: String) throws { self = try JSON.decode(JSONValue.self, from: text.utf8) }
}
