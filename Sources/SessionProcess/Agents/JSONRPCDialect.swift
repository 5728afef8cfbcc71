import HubProtocol

/// A dialect based on JSON-RPC. This part sorts the messages; the dialect interprets them.
protocol JSONRPCDialect: AgentDialect {
    /// What a request of ours was for.
    associatedtype Purpose: Equatable, Sendable

    var requests: OpenRequests<Purpose> { get set }
    mutating func succeeded(_ purpose: Purpose, _ result: JSONValue) -> [AgentStep]
    mutating func failed(_ purpose: Purpose, _ failure: JSONRPC.Failure) -> [AgentStep]
    mutating func notified(_ method: String, _ params: JSONValue) -> [AgentStep]
    /// A request from the agent.
    mutating func asked(_ id: JSONRPC.ID, _ method: String, _ params: JSONValue) -> [AgentStep]
}

extension JSONRPCDialect {
    mutating func received(_ line: JSONValue) -> [AgentStep] {
        let message: JSONRPC.Message
        do {
            message = try JSONRPC.message(line)
        } catch {
            // A line without a usable id cannot be answered, and is ignored.
            return error.answer.map { [.send(.failure($0, .invalid(error.reason)))] } ?? []
        }
        switch message {
        case .success(let id, let result):
            return requests.close(id).map { succeeded($0, result) } ?? []
        case .failure(let id, let failure):
            return requests.close(id).map { failed($0, failure) } ?? []
        case .notification(let method, let params): return notified(method, params)
        case .request(let id, let method, let params): return asked(id, method, params)
        }
    }

    mutating func request(_ method: String, _ params: JSONValue, for purpose: Purpose) -> AgentStep {
        .send(requests.open(method, params, for: purpose))
    }

    /// The first request. If the agent does not finish opening in time, the alarm `opening` goes off.
    mutating func initialize(_ params: [String: JSONValue], for purpose: Purpose) -> [AgentStep] {
        let client: JSONValue = ["name": "hapi", "title": "hapi", "version": "1"]
        let params = params.merging(["clientInfo": client]) { own, _ in own }
        return [
            request("initialize", .object(params), for: purpose),
            .alarm("opening", after: Self.openingPatience),
        ]
    }

    /// Agents written in Python take seconds to answer the first request.
    static var openingPatience: Duration { .seconds(60) }

    /// The limit of open requests from the agent; further ones are refused.
    static var openAsks: Int { 100 }

    /// The limit of open tool calls; further ones get no card.
    static var openCards: Int { 1000 }
}

extension AgentStep {
    static func send(_ message: JSONRPC.Message) -> AgentStep { .send(JSONRPC.document(message)) }
}

extension JSONRPC.Failure {
    static func invalid(_ reason: String) -> JSONRPC.Failure {
        JSONRPC.Failure(code: -32600, message: reason)
    }

    static func unknown(_ method: String) -> JSONRPC.Failure {
        JSONRPC.Failure(code: methodNotFound, message: "Method not found: \(method.firstPart(of: 100))")
    }
}
