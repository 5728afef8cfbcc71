import Home
import RunnerStore

/// Who had a session stopped, as the store knows it before the first signal is sent.
enum StopAsked {
    /// In words for the hub's archive; nil where nobody is on record, or the store does not tell.
    static func words(_ record: String, in home: RunnerHome) -> String? {
        guard let store = try? StoreConnection(path: home.store, mode: .readOnly, busyTimeout: 100),
            let source = (try? store.read { store throws(StoreError) in try store.session(record) })?
                .stoppedBy
        else { return nil }
        return words(source)
    }

    static func words(_ source: RequestSource) -> String {
        switch source {
        case .hub: "Stopped from the hub"
        case .cli: "Stopped from the command line"
        case .http: "Stopped by a program on the machine"
        }
    }
}
