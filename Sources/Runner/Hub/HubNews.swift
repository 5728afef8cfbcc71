import RunnerStore

/// Decides which changes of the hub connection are recorded: a hub that is away for a day is one row, not one
/// for each of thousands of attempts.
struct HubNews {
    /// Minimum time between two different reasons for the same state.
    static let pause = Duration.seconds(60)

    private var state: HubState?
    private var detail: String?
    private var at = ContinuousClock.now

    /// Whether to report this state. While the hub is away, an attempt that has not failed yet is not news.
    mutating func isNews(_ state: HubState, _ detail: String?, at now: ContinuousClock.Instant) -> Bool {
        let isOther = state != self.state
        let hasOtherWords =
            detail != nil && detail != self.detail && (self.detail == nil || now - at >= Self.pause)
        guard isOther || hasOtherWords else { return false }
        (self.state, self.detail, at) = (state, detail, now)
        return true
    }
}
