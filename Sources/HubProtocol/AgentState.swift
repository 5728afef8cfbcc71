/// A session's agent state as the hub keeps it (hub contract §7.3), as far as others than the session itself
/// may change it.
package enum AgentState {
    /// Why a request was canceled whose session was killed. A next life of the session finds its cards by it.
    package static let processGone = "The session's process ended before this was decided"

    /// The state with what was asked until then canceled; nil where nothing of it is pending. What was asked later
    /// is another life's of the session. Times are in milliseconds since 1970.
    package static func canceling(askedUntil: Int64, in state: JSONValue, at now: Int64) -> JSONValue? {
        guard var members = state.object, let open = members["requests"]?.object else { return nil }
        let left = open.filter { _, request in Int64(request["createdAt"]?.integer ?? 0) <= askedUntil }
        guard !left.isEmpty else { return nil }
        var done = members["completedRequests"]?.object ?? [:]
        for (card, request) in left {
            let end: [String: JSONValue] = [
                "status": "canceled", "decision": "abort", "reason": .string(processGone),
                "completedAt": .integer(now),
            ]
            done[card] = .object((request.object ?? [:]).merging(end) { _, new in new })
        }
        members["requests"] = .object(open.filter { left[$0.key] == nil })
        members["completedRequests"] = .object(done)
        return .object(members)
    }
}
