import Processes
import Testing

@testable import Runner

@Suite struct WorkGateTests {
    @Test func whoComesToAClosedGateWaitsUntilItIsOpened() async {
        let gate = WorkGate()
        gate.close()
        #expect(!gate.tryEnter())
        let entered = OneShot<Bool>()
        async let waiting: Void = entered.set(await gate.enter())
        #expect(await entered.wait(for: .milliseconds(50)) == nil)
        gate.open()
        await waiting
        #expect(entered.value == true && !gate.isQuiet)
        gate.leave()
        #expect(gate.isQuiet)
    }

    @Test func whoIsCancelledDoesNotEnter() async {
        let gate = WorkGate()
        gate.close()
        let task = Task { await gate.enter() }
        task.cancel()
        #expect(await task.value == false)
        #expect(gate.isQuiet)
    }

    @Test func workThatWasBegunIsWaitedFor() {
        let gate = WorkGate()
        #expect(gate.tryEnter())
        gate.close()
        #expect(!gate.isQuiet)
        gate.leave()
        #expect(gate.isQuiet)
    }
}
