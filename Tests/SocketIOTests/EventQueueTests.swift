import Testing

@testable import SocketIO

@Suite(.timeLimit(.minutes(1))) struct EventQueueTests {
    private func event(_ name: String, size: Int = 0) throws -> SocketIOEvent {
        let json = #"["\#(name)","\#(String(repeating: "x", count: size))"]"#
        return try SocketIOEvent(payload: Array(json.utf8)[...], id: nil, attachments: [])
    }

    @Test func eventsComeInOrderAndThenTheEnd() async throws {
        let queue = EventQueue(limit: 10_000)
        for name in ["a", "b", "c"] { #expect(queue.push(try event(name))) }
        queue.finish()
        #expect(queue.push(try event("late")))
        var names: [String] = []
        for await event in queue.stream { names.append(event.name) }
        #expect(names == ["a", "b", "c"])
    }

    @Test func aWaitingConsumerIsServed() async throws {
        let queue = EventQueue(limit: 10_000)
        async let name = queue.stream.first { _ in true }?.name
        while !queue.hasConsumer { await Task.yield() }
        #expect(queue.push(try event("a")))
        #expect(await name == "a")
    }

    @Test func bytesOverTheLimitAreNotTakenUntilSomeAreConsumed() async throws {
        let queue = EventQueue(limit: 2_000)
        #expect(queue.push(try event("a", size: 5_000)))
        #expect(!queue.push(try event("b")))
        let events = queue.stream
        var iterator = events.makeAsyncIterator()
        #expect(await iterator.next()?.name == "a")
        #expect(queue.push(try event("c")))
        #expect(queue.push(try event("d")))
        #expect(!queue.push(try event("e", size: 1_500)))
        #expect(await iterator.next()?.name == "c")
    }

    @Test func smallEventsCountTooMuchToPileUpForEver() throws {
        let queue = EventQueue(limit: 100_000)
        let small = try event("a")
        var count = 0
        while queue.push(small) { count += 1 }
        #expect(count < 1_000)
    }

    @Test func cancellingTheConsumerAbandonsTheQueue() async throws {
        let queue = EventQueue(limit: 100)
        let consumer = Task { for await _ in queue.stream {} }
        while !queue.hasConsumer { await Task.yield() }
        consumer.cancel()
        await consumer.value
        for _ in 0..<10 { #expect(queue.push(try event("a", size: 500))) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct EndingTests {
    @Test func everyoneLearnsTheFirstReason() async {
        let ending = Ending()
        async let early = ending.wait()
        ending.reach(.disconnected)
        ending.reach(.cancelled)
        #expect(await early == .disconnected)
        #expect(await ending.wait() == .disconnected)
    }

    @Test func aCancelledWaiterGoes() async {
        let ending = Ending()
        let waiter = Task { await ending.wait() }
        waiter.cancel()
        #expect(await waiter.value == .cancelled)
    }
}
