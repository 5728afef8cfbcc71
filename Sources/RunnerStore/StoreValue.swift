import Processes

/// A value bound to a statement.
enum StoreValue {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)

    init(_ value: String?) { self = value.map(StoreValue.text) ?? .null }
    init(_ value: Timestamp?) { self = value.map { .integer($0.milliseconds) } ?? .null }
    init(_ value: some BinaryInteger) { self = .integer(Int64(clamping: value)) }
    init(_ value: (some BinaryInteger)?) { self = value.map { .integer(Int64(clamping: $0)) } ?? .null }
    init(_ value: Double?) { self = value.map(StoreValue.real) ?? .null }
    init<T: RawRepresentable<String>>(_ value: T) { self = .text(value.rawValue) }
    init<T: RawRepresentable<String>>(_ value: T?) { self.init(value?.rawValue) }
}
