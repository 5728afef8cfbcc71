import Home
import RunnerStore

/// Who requested the stop of a session. Stored before the first signal is sent.
enum StopAsked {
    /// In words for the hub's archive; nil if no stop is stored or the store cannot be read.
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
