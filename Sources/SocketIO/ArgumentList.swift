import FoundationEssentials

/// The arguments of an event or an acknowledgement, kept as raw JSON and decoded on demand.
struct ArgumentList: Equatable, Sendable {
    /// Slices of the received message: nothing is copied until an argument is decoded.
    let elements: [ArraySlice<UInt8>]

    /// The approximate memory in bytes, for limits: the message and the overhead of keeping it.
    var footprint: Int { elements.reduce(256) { $0 + $1.count + MemoryLayout<ArraySlice<UInt8>>.stride } }

    /// Throws `undecodable` if there is no such argument or it is not a `T`. `owner` names the message in the
    /// error.
    func decode<T: Decodable>(_ index: Int, as type: T.Type, of owner: String) throws(SocketIOError) -> T {
        let what = "argument \(index) of \(owner)"
        guard elements.indices.contains(index) else {
            throw .undecodable(what: what, reason: "there are \(elements.count) arguments")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(elements[index]))
        } catch {
            throw .undecodable(what: what, reason: CodingFailure.words(for: error))
        }
    }

    /// The argument's JSON text; nil if there is no such argument.
    func text(_ index: Int) -> String? {
        elements.indices.contains(index) ? String(decoding: elements[index], as: UTF8.self) : nil
    }
}
