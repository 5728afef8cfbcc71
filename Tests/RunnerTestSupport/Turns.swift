import Glibc

/// Limits the number of homes at a time, because more would only compete for the CPU.
actor Turns {
    static let shared = Turns()

    private var free = max(2, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    private var waiting: [CheckedContinuation<Void, Never>] = []

    nonisolated func taking<Result: Sendable>(_ body: () async throws -> Result) async rethrows -> Result {
        await take()
        do {
            let result = try await body()
            await give()
            return result
        } catch {
            await give()
            throw error
        }
    }

    private func take() async {
        if free > 0 {
            free -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    private func give() {
        if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
    }
}
