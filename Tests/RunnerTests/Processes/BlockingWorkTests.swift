import Dispatch
import Testing

@testable import Runner

@Suite struct BlockingWorkTests {
    @Test func whatBlocksKeepsNobodyElseWaiting() async {
        let gate = DispatchSemaphore(value: 0)
        await withTaskGroup(of: Int?.self) { group in
            for number in 0..<64 {
                group.addTask {
                    await blocking {
                        gate.wait()
                        return number
                    }
                }
            }
            #expect(await blocking { 7 } == 7)
            for _ in 0..<64 { gate.signal() }
            var sum = 0
            for await number in group { sum += number ?? -1000 }
            #expect(sum == 64 * 63 / 2)
        }
    }

    @Test func whoIsCancelledWaitsNoLonger() async {
        let gate = DispatchSemaphore(value: 0)
        let caller = Task {
            await blocking {
                gate.wait()
                return 1
            }
        }
        caller.cancel()
        #expect(await caller.value == nil)
        gate.signal()
    }
}
