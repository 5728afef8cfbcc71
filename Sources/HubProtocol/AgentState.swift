/// A session's agent state at the hub (hub contract §7.3), as far as the session is not the only one to
/// change it.
package enum AgentState {
    /// The reason on canceled requests of a session that was killed, by which the session finds their cards
    /// when it is resumed.
    package static let processGone = "The session's process ended before this was decided"

    /// The state with all pending requests up to `askedUntil` canceled; nil if there are none. Later requests
    /// belong to a resumed session. Times are in milliseconds since 1970.
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
