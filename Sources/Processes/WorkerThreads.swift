import Glibc
import Synchronization

/// Threads for blocking work, created on demand up to a limit.
final class WorkerThreads: Sendable {
    typealias Job = @Sendable () -> Void

    private struct State {
        var jobs: [Job] = []
        var threads = 0
        var idle = 0
    }

    private let state = Mutex(State())
    /// Counts the queued jobs. Never destroyed, because the threads wait on it as long as the process lives.
    nonisolated(unsafe) private let queued: UnsafeMutablePointer<sem_t>
    private let name: String
    private let limit: Int

    /// Must live as long as the process.
    init(_ name: String, limit: Int) {
        (self.name, self.limit) = (name, limit)
        queued = .allocate(capacity: 1)
        sem_init(queued, 0, 0)
    }

    /// Creates all threads early, while they can be created.
    func prepare() { state.withLock { while $0.threads < limit && addThread(&$0) {} } }

    /// If there is no thread and none can be created, the job runs on the calling thread.
    func submit(_ job: @escaping Job) {
        let isQueued = state.withLock { state in
            if state.idle <= state.jobs.count && state.threads < limit { _ = addThread(&state) }
            guard state.threads > 0 else { return false }
            state.jobs.append(job)
            return true
        }
        if isQueued { sem_post(queued) } else { job() }
    }

    private func addThread(_ state: inout State) -> Bool {
        guard startThread(name, { self.work() }) == 0 else { return false }
        state.threads += 1
        state.idle += 1
        return true
    }

    private func work() {
        while true {
            if sem_wait(queued) != 0 { continue }
            let job = state.withLock { state in
                state.idle -= 1
                return state.jobs.removeFirst()
            }
            job()
            state.withLock { $0.idle += 1 }
        }
    }
}
