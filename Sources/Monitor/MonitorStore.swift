import Glibc
import RunnerStore

/// The store as a monitor uses it. Opened when first needed, because it may have been replaced since the
/// monitor was started, and kept open for the writes that follow.
final class MonitorStore {
    private let path: String
    private let flushing: Bool
    private var connection: StoreConnection?

    /// - Parameter flushing: whether writes must survive a power cut, or only this process.
    init(_ path: String, flushing: Bool) {
        self.path = path
        self.flushing = flushing
    }

    /// Retries until the store accepts the write, because only this process knows what to record, and a full,
    /// read-only or failing disk may recover. A missing file is never created; waits for it for up to five
    /// minutes. A file that is damaged or not ours is not touched.
    ///
    /// - Parameter attempts: maximum attempts, 100 ms apart. On a locked store each attempt takes some
    ///   seconds.
    func write<T>(
        for attempts: Int = .max, _ body: (Writing) throws(StoreError) -> T
    ) throws(StoreError) -> T {
        var missing = 0
        for attempt in 1... {
            do {
                return try opened().write(body)
            } catch {
                connection = nil
                missing += error.cause == .missing ? 1 : 0
                guard !error.isFinal, attempt < attempts, missing < 3000 else { throw error }
                usleep(attempt < 3000 ? 100_000 : 1_000_000)
            }
        }
        throw StoreError(.busy, action: "use", path: path, detail: "it stays locked")
    }

    private func opened() throws(StoreError) -> StoreConnection {
        if let connection { return connection }
        let new = try StoreConnection(path: path, mode: .existing, flushing: flushing)
        connection = new
        return new
    }
}
