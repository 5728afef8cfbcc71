import Glibc
import RunnerStore

/// The store as a monitor uses it. It is opened when it is first needed, as it may have been replaced since
/// the monitor was started, and kept for what follows at once.
final class MonitorStore {
    private let path: String
    private let flushing: Bool
    private var connection: StoreConnection?

    /// - Parameter flushing: whether what is recorded must outlive the machine, or only this process.
    init(_ path: String, flushing: Bool) {
        self.path = path
        self.flushing = flushing
    }

    /// Tries until the store takes what is to be recorded: nobody else knows it, and a disk that is full,
    /// read-only or failing may be mended. A file that is gone is waited for, never made, and given up
    /// after five minutes. A file that is damaged or somebody else's is left alone.
    ///
    /// - Parameter attempts: how often to try, a tenth of a second apart; a locked store holds up each
    ///   attempt by some seconds.
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
