import RunnerStore

/// Decides what of a hub's comings and goings is worth recording: a hub that is away for a day is one row,
/// not one for each of thousands of attempts.
struct HubNews {
    /// How often other words for the same state are taken up.
    static let pause = Duration.seconds(60)

    private var state: HubState?
    private var detail: String?
    private var at = ContinuousClock.now

    /// Whether this is to be told. An attempt that has not failed yet says nothing new about a hub that is away.
    mutating func isNews(_ state: HubState, _ detail: String?, at now: ContinuousClock.Instant) -> Bool {
        let isOther = state != self.state
        let hasOtherWords =
            detail != nil && detail != self.detail && (self.detail == nil || now - at >= Self.pause)
        guard isOther || hasOtherWords else { return false }
        (self.state, self.detail, at) = (state, detail, now)
        return true
    }
}
