import CProcess
import Glibc
import Synchronization
import Testing
import UnitTestSupport

@testable import Processes

/// An eventfd, readable once it was signalled.
private final class Event: Sendable {
    let descriptor: Int32

    init() throws {
        descriptor = cprocess_event_open()
        try #require(descriptor >= 0)
    }

    /// With a given number that other tests' files don't get.
    init(numbered number: Int32) throws {
        let event = cprocess_event_open()
        defer { close(event) }
        descriptor = dup2(event, number)
        try #require(descriptor == number)
    }

    deinit { close(descriptor) }
    func signal() { #expect(cprocess_event_signal(descriptor) == 0) }
}

@Suite(.serialized, .timeLimit(.minutes(1))) struct ReadinessLoopTests {
    private let loop = ReadinessLoop()

    /// Higher than the numbers in use: the system assigns the lowest free one.
    private let highNumber: Int32

    init() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = min(limit.rlim_max, 16384)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        highNumber = Int32(limit.rlim_cur) - 1
    }

    @Test func aWaitEndsWhenThereIsSomethingToRead() async throws {
        defer { loop.stop() }
        let event = try Event()
        let wait = Task { await loop.waitUntilReadable(event.descriptor) }
        #expect(await eventually { loop.waitCount == 1 })
        event.signal()
        await wait.value
        #expect(isReadable(event.descriptor))
        #expect(loop.waitCount == 0)
    }

    @Test func whatIsReadableAlreadyIsNotWaitedFor() async throws {
        defer { loop.stop() }
        let event = try Event()
        event.signal()
        for _ in 0..<3 { await loop.waitUntilReadable(event.descriptor) }
    }

    @Test func theOtherEndsCloseEndsAWait() async throws {
        defer { loop.stop() }
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        let reading = ends[0]
        let wait = Task { await loop.waitUntilReadable(reading) }
        #expect(await eventually { loop.waitCount == 1 })
        close(ends[1])
        await wait.value
        close(reading)
    }

    @Test func everybodyWhoWaitsForOneDescriptorIsTold() async throws {
        defer { loop.stop() }
        let event = try Event()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<50 { group.addTask { await loop.waitUntilReadable(event.descriptor) } }
            let cancelled = Task { await loop.waitUntilReadable(event.descriptor) }
            #expect(await eventually { loop.waitCount == 51 })
            cancelled.cancel()
            await cancelled.value
            #expect(loop.waitCount == 50)
            event.signal()
        }
        #expect(loop.waitCount == 0)
    }

    @Test func whoIsCancelledBeforehandDoesNotWait() async throws {
        defer { loop.stop() }
        let event = try Event()
        let wait = Task {
            while !Task.isCancelled { await Task.yield() }
            await loop.waitUntilReadable(event.descriptor)
        }
        wait.cancel()
        await wait.value
        #expect(loop.waitCount == 0)
    }

    @Test func cancellationMayRaceReadiness() async throws {
        defer { loop.stop() }
        for round in 0..<2000 {
            let event = try Event()
            let wait = Task { await loop.waitUntilReadable(event.descriptor) }
            if round % 3 != 0 { await Task.yield() }
            let signal = Task { event.signal() }
            wait.cancel()
            await wait.value
            await signal.value
        }
        #expect(loop.waitCount == 0)
    }

    @Test func aNumberThatIsGivenOutAgainHasNothingOfItsLastOwner() async throws {
        defer { loop.stop() }
        let number = highNumber
        for _ in 0..<200 {
            var first: Event? = try Event(numbered: number)
            let cancelled = Task { await loop.waitUntilReadable(number) }
            #expect(await eventually { loop.waitCount == 1 })
            // A duplicate keeps the open file and its epoll registration alive after the close.
            let copy = dup(number)
            first?.signal()
            cancelled.cancel()
            await cancelled.value
            first = nil
            let second = try Event(numbered: number)
            let wait = Task { await loop.waitUntilReadable(number) }
            #expect(await eventually { loop.waitCount == 1 })
            #expect(!isReadable(number))
            second.signal()
            await wait.value
            close(copy)
        }
    }

    @Test func aDescriptorThatIsClosedWhileItIsWaitedForDoesNotHoldUpItsNextOwner() async throws {
        defer { loop.stop() }
        let number = highNumber
        var first: Event? = try Event(numbered: number)
        let lost = Task { await loop.waitUntilReadable(number) }
        #expect(await eventually { loop.waitCount == 1 })
        withExtendedLifetime(first) { first = nil }
        let second = try Event(numbered: number)
        let wait = Task { await loop.waitUntilReadable(number) }
        #expect(await eventually { loop.waitCount == 2 })
        second.signal()
        await wait.value
        await lost.value
    }

    @Test func whatCannotBeWaitedForIsLeftToTheReader() async throws {
        defer { loop.stop() }
        let file = open("/proc/self/stat", O_RDONLY | O_CLOEXEC)
        await loop.waitUntilReadable(file)
        close(file)
        await loop.waitUntilReadable(-1)
        await loop.waitUntilReadable(Int32.max)
        #expect(loop.waitCount == 0)
    }

    @Test func thousandsWaitAtOnce() async throws {
        defer { loop.stop() }
        let events = try (0..<min(4000, Int(highNumber) / 4)).map { _ in try Event() }
        await withTaskGroup(of: Void.self) { group in
            for event in events { group.addTask { await loop.waitUntilReadable(event.descriptor) } }
            #expect(await eventually { loop.waitCount == events.count })
            for event in events.shuffled() { event.signal() }
        }
        #expect(loop.waitCount == 0)
    }

    @Test func withoutALoopADescriptorIsLookedAtAndTheLoopTriedAgain() async throws {
        let attempts = Mutex(0)
        let loop = ReadinessLoop {
            attempts.withLock { $0 += 1 }
            return attempts.withLock { $0 } < 3 ? nil : Poller()
        }
        defer { loop.stop() }
        let event = try Event()
        let wait = Task { await loop.waitUntilReadable(event.descriptor) }
        let cancelled = Task { await loop.waitUntilReadable(event.descriptor) }
        #expect(await eventually { attempts.withLock { $0 } == 2 })
        #expect(loop.waitCount == 0)
        cancelled.cancel()
        await cancelled.value
        event.signal()
        await wait.value
        let another = try Event()
        let held = Task { await loop.waitUntilReadable(another.descriptor) }
        #expect(await eventually { loop.waitCount == 1 })
        another.signal()
        await held.value
    }

    @Test func whoWaitsWhileTheLoopEndsIsLookedAfterAllTheSame() async throws {
        let event = try Event()
        let wait = Task { await loop.waitUntilReadable(event.descriptor) }
        #expect(await eventually { loop.waitCount == 1 })
        loop.stop()
        #expect(await eventually { loop.waitCount == 0 })
        event.signal()
        await wait.value
    }
}
