import Dispatch
import Testing

@testable import Processes

@Suite(.serialized) struct BlockingWorkTests {
    @Test func whatBlocksKeepsNobodyWaitingWhoDoesNotLook() async throws {
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Int?.self) { group in
            for number in 0..<64 {
                group.addTask {
                    await BlockingWork.run {
                        gate.wait()
                        return number
                    }
                }
            }
            try await Task.sleep(for: .milliseconds(50))
            for _ in 0..<64 { gate.signal() }
            var sum = 0
            for try await number in group { sum += number ?? -1000 }
            #expect(sum == 64 * 63 / 2)
        }
    }

    @Test func whoIsCancelledWaitsNoLonger() async {
        let gate = DispatchSemaphore(value: 0)
        let caller = Task {
            await BlockingWork.run {
                gate.wait()
                return 1
            }
        }
        caller.cancel()
        #expect(await caller.value == nil)
        gate.signal()
    }
}
