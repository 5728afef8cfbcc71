import Testing

@testable import Home
@testable import Processes
@testable import Runner

@Suite struct OwnershipTests {
    private static let own: Int32 = 10
    private static let runner: Int32 = 20
    private static let other: Int32 = 30

    /// The pids in the lock file and the state file, and the verdict: 20 is another runner, 30 is not a
    /// runner.
    static let table: [(lock: Int32?, state: Int32?, Ownership)] = [
        (own, own, .kept),
        (nil, own, .restore), (own, nil, .restore), (nil, nil, .restore),
        (other, own, .restore), (own, other, .restore), (other, other, .restore), (other, nil, .restore),
        (runner, own, .lost), (own, runner, .lost), (runner, runner, .lost),
        (runner, nil, .lost), (nil, runner, .lost), (other, runner, .lost), (runner, other, .lost),
    ]

    @Test(arguments: table) func theTwoFilesTellWhoTheRunnerIs(
        lock: Int32?, state: Int32?, is expected: Ownership
    ) {
        let judged = Ownership.judge(lock: lock, state: state, own: Self.own) { $0 == Self.runner }
        #expect(judged == expected)
    }
}
