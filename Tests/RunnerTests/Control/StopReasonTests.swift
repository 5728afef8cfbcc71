import RunnerStore
import Testing

@testable import Runner

/// Why a runner ends that was stopped over its control port.
@Suite struct StopReasonTests {
    static let table: [(stated: String?, asker: [String], RunnerEndReason)] = [
        (nil, ["hapi", "runner", "stop"], .cli), (nil, [], .cli),
        (nil, ["curl", "http://127.0.0.1/stop"], .cli),
        (nil, ["hapi", "runner", "start"], .replaced), (nil, ["hapi", "start"], .cli),
        (nil, ["/opt/hapi", "runner", "start-sync", "--workspace-root", "/x"], .replaced),
        ("replaced", ["hapi", "runner", "stop"], .replaced), ("other", ["hapi", "runner", "start"], .cli),
    ]

    @Test(arguments: table)
    func whoIsAboutToStartARunnerReplacesThisOne(stated: String?, asker: [String], reason: RunnerEndReason) {
        #expect(RunnerEndReason(stated: stated, asker: asker) == reason)
    }
}
