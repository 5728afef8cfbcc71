import Home
import Processes
import RunnerStore

/// Shows the progress of a spawn that takes longer than a second.
enum SpawnProgress {
    private static let silence = Duration.seconds(1)

    /// Runs `body`, and meanwhile shows the progress that the runner records for the request.
    static func during<Answer: Sendable>(
        _ request: String, _ body: @Sendable @escaping () async throws -> Answer
    ) async throws -> Answer {
        try await withThrowingTaskGroup(of: Answer?.self) { group in
            group.addTask { try await body() }
            group.addTask {
                await show(request)
                return nil
            }
            defer { group.cancelAll() }
            while let answer = try await group.next() {
                if let answer { return answer }
            }
            throw CancellationError()
        }
    }

    private static func show(_ request: String) async {
        let begun = ContinuousClock.now
        var hasShown = false
        // The sleep throws when cancelled, which ends the loop.
        while (try? await Task.sleep(for: silence)) != nil {
            hasShown = true
            let seconds = (ContinuousClock.now - begun).components.seconds
            Progress.show(progress(of: request) ?? "starting the session … \(seconds) s")
        }
        if hasShown { Progress.clear() }
    }

    /// nil also if the store cannot be read: progress is not essential.
    private static func progress(of request: String) -> String? {
        guard let home = try? RunnerHome.fromEnvironment() else { return nil }
        let found = try? StoreConnection(path: home.store, mode: .readOnly).read { store throws(StoreError) in
            try store.spawnRequest(request)?.progress
        }
        return (found ?? nil)?.visible
    }
}
