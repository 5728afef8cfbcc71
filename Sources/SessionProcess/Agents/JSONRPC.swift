import HubProtocol

/// JSON-RPC 2.0 as agents speak it: one message per line. The `jsonrpc` member is not required, because Codex
/// omits it.
package enum JSONRPC {
    /// The sender's id of a request. 0 is valid.
    package enum ID: Hashable, Sendable {
        case number(Int64)
        case string(String)
    }

    package enum Message: Equatable, Sendable {
        case request(ID, method: String, params: JSONValue)
        case notification(method: String, params: JSONValue)
        case success(ID, JSONValue)
        case failure(ID, Failure)
    }

    package struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        package var code: Int
        package var message: String
        package var data: JSONValue?

        package init(code: Int, message: String, data: JSONValue? = nil) {
            self.code = code
            self.message = message
            self.data = data
        }

        package static let methodNotFound = -32601
        package static let authenticationRequired = -32000

        /// The other side's message, with its details.
        package var description: String {
            let reason = data?["reason"]?.string ?? data?["details"]?.string ?? data?["message"]?.string
            return reason.map { $0 == message ? message : "\(message): \($0)" } ?? message
        }
    }

    /// A line that is not a valid message. `answer` is the id to answer with an error; nil if no answer is
    /// possible.
    package struct Unusable: Error, Equatable, Sendable {
        package var reason: String
        package var answer: ID?
    }

    /// Interprets a parsed line.
    package static func message(_ value: JSONValue) throws(Unusable) -> Message {
        guard let members = value.object else { throw Unusable(reason: "not an object") }
        let id = members["id"].flatMap(ID.init)
        guard let method = members["method"] else { return try answer(members, id) }
        guard let method = method.string else { throw Unusable(reason: "method is not a string", answer: id) }
        let params = members["params"] ?? .null
        guard members["id"] != nil else { return .notification(method: method, params: params) }
        guard let id else { throw Unusable(reason: "the id of \(method) is no number or string") }
        return .request(id, method: method, params: params)
    }

    private static func answer(_ members: [String: JSONValue], _ id: ID?) throws(Unusable) -> Message {
        guard let id else { throw Unusable(reason: "neither a method nor an id") }
        if let error = members["error"], error != .null {
            return .failure(
                id,
                Failure(
                    code: error["code"]?.integer ?? -32603,
                    message: error["message"]?.string ?? "an error without a message", data: error["data"]))
        }
        guard let result = members["result"] else { throw Unusable(reason: "neither a result nor an error") }
        return .success(id, result)
    }

    package static func document(_ message: Message) -> JSONValue {
        var members: [String: JSONValue] = ["jsonrpc": .string("2.0")]
        switch message {
        case .request(let id, let method, let params):
            members["id"] = id.value
            members["method"] = .string(method)
            members["params"] = params
        case .notification(let method, let params):
            members["method"] = .string(method)
            members["params"] = params
        case .success(let id, let result):
            members["id"] = id.value
            members["result"] = result
        case .failure(let id, let failure):
            members["id"] = id.value
            var error: [String: JSONValue] = [
                "code": .integer(Int64(failure.code)), "message": .string(failure.message),
            ]
            if let data = failure.data { error["data"] = data }
            members["error"] = .object(error)
        }
        return .object(members)
    }
}

extension JSONRPC.ID {
    init?(_ value: JSONValue) {
        switch value {
        case .integer(let number): self = .number(number)
        case .string(let text): self = .string(text)
        default: return nil
        }
    }

    package var value: JSONValue {
        switch self {
        case .number(let number): .integer(number)
        case .string(let text): .string(text)
        }
    }
}

/// Our unanswered requests, each with its purpose.
package struct OpenRequests<Purpose: Sendable>: Sendable {
    private var next: Int64 = 1
    private var purposes: [JSONRPC.ID: Purpose] = [:]

    package init() {}

    package var all: some Collection<Purpose> { purposes.values }

    package mutating func open(_ method: String, _ params: JSONValue, for purpose: Purpose) -> JSONRPC.Message
    {
        let id = JSONRPC.ID.number(next)
        next += 1
        purposes[id] = purpose
        return .request(id, method: method, params: params)
    }

    /// nil if the id belongs to no open request: it is unknown, or was answered before.
    package mutating func close(_ id: JSONRPC.ID) -> Purpose? { purposes.removeValue(forKey: id) }
}
