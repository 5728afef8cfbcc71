import HubProtocol

/// An open permission request or question of the agent.
package struct PendingRequest: Equatable, Sendable {
    /// The card's id, which people's decisions refer to.
    package var card: String
    /// The agent's id of the request.
    package var agentID: String
    package var kind: PermissionRequest.Kind
    package var tool: String
    package var arguments: JSONValue
    package var createdAt: Int64
}

package struct CompletedRequest: Equatable, Sendable {
    package enum Status: String, Sendable { case approved, denied, canceled }

    package var card: String
    package var tool: String
    package var arguments: JSONValue
    package var createdAt: Int64
    package var completedAt: Int64
    package var status: Status
    package var reason: String?
    package var mode: String?
    package var decision: String?
    package var allowTools: [String] = []
    package var answers: [String: [String]] = [:]
    /// Who decided. Not sent to the hub.
    package var by = ""
}

/// The requests of a session: all open ones, and the most recently completed ones.
package struct RequestBook: Equatable, Sendable {
    /// Limited, because each update sends all of them to the hub.
    package static let completedLimit = 200

    package private(set) var pending: [PendingRequest] = []
    package private(set) var completed: [CompletedRequest] = []

    package init(completed: [CompletedRequest] = []) { self.completed = completed }

    package subscript(card card: String) -> PendingRequest? { pending.first { $0.card == card } }

    package func completed(card: String) -> CompletedRequest? { completed.last { $0.card == card } }

    /// Adds a request. A retried tool may reuse its id, so an earlier decision for this id is removed.
    mutating func open(_ request: PendingRequest) {
        completed.removeAll { $0.card == request.card }
        pending.removeAll { $0.card == request.card }
        pending.append(request)
    }

    @discardableResult
    mutating func complete(
        card: String, _ status: CompletedRequest.Status, _ answer: PermissionAnswer? = nil,
        reason: String? = nil, by: String, at now: Int64
    ) -> CompletedRequest? {
        guard let index = pending.firstIndex(where: { $0.card == card }) else { return nil }
        let request = pending.remove(at: index)
        var done = CompletedRequest(
            card: card, tool: request.tool, arguments: request.arguments, createdAt: request.createdAt,
            completedAt: now, status: status)
        done.reason = reason ?? answer?.reason
        done.mode = answer?.mode
        done.decision = status == .canceled ? "abort" : answer?.decision.rawValue
        done.allowTools = answer?.allowedTools ?? []
        done.answers = answer?.answers ?? [:]
        done.by = by
        completed.append(done)
        if completed.count > Self.completedLimit {
            completed.removeFirst(completed.count - Self.completedLimit)
        }
        return done
    }
}
