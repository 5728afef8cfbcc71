import HubProtocol

extension JSONValue {
    package var keys: Set<String> { Set(object.map { Array($0.keys) } ?? []) }
    package var isNull: Bool { self == .null }

    package init(json text: String) throws { self = try JSON.decode(JSONValue.self, from: text.utf8) }
}
