import Testing

@testable import Processes

@Suite struct OneShotTests {
    @Test func aValueThatIsThereIsHadAtOnce() async {
        let shot = OneShot<Int>()
        #expect(shot.value == nil)
        shot.set(1)
        #expect(shot.value == 1)
        #expect(await shot.wait() == 1)
        #expect(await shot.wait(for: .zero) == 1)
        #expect(await shot.wait(for: .seconds(60)) == 1)
    }

    @Test func theFirstValueStays() async {
        let shot = OneShot<Int>()
        shot.set(1)
        shot.set(2)
        #expect(await shot.wait() == 1)
    }

    @Test func aValueThatComesLaterEndsTheWait() async {
        let shot = OneShot<Int>()
        async let waited = shot.wait(for: .seconds(60))
        async let forever = shot.wait()
        await Task.yield()
        shot.set(3)
        #expect(await waited == 3)
        #expect(await forever == 3)
    }

    @Test func patienceEndsTheWait() async {
        let shot = OneShot<Int>()
        #expect(await shot.wait(for: .milliseconds(10)) == nil)
        shot.set(4)
        #expect(await shot.wait(for: .milliseconds(10)) == 4)
    }

    @Test func cancellingEndsTheWait() async {
        let shot = OneShot<Int>()
        let waits = (0..<20).map { index in
            Task { index.isMultiple(of: 2) ? await shot.wait() : await shot.wait(for: .seconds(60)) }
        }
        await Task.yield()
        for wait in waits { wait.cancel() }
        for wait in waits { #expect(await wait.value == nil) }
    }

    @Test func aTaskThatWasCancelledBeforeDoesNotWait() async {
        let shot = OneShot<Int>()
        let wait = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return await shot.wait()
        }
        #expect(await wait.value == nil)
    }

    @Test func manyWaitForTheSameValue() async {
        let shot = OneShot<Int>()
        let values = await withTaskGroup(of: Int?.self) { group in
            for _ in 0..<100 { group.addTask { await shot.wait(for: .seconds(60)) } }
            group.addTask {
                shot.set(5)
                return 5
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(values.count == 101)
        #expect(values.allSatisfy { $0 == 5 })
    }

    @Test func settingAndCancellingAtOnceLosesNobody() async {
        for _ in 0..<200 {
            let shot = OneShot<Int>()
            let wait = Task { await shot.wait() }
            async let cancelled: Void = wait.cancel()
            async let set: Void = shot.set(6)
            _ = await (cancelled, set)
            let value = await wait.value
            #expect(value == nil || value == 6)
        }
    }
}
