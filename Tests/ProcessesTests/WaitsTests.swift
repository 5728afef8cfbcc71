import Testing

@testable import Processes

@Suite struct WaitsTests {
    @Test func anEventOfAnEarlierRegistrationIsStale() {
        var waits = Waits<String>()
        let (one, two) = (waits.newTicket(), waits.newTicket())
        let stale = waits.add("one", one, 7)
        let fresh = waits.add("two", two, 7)
        #expect(waits.take(stale) == nil)
        let taken = waits.take(fresh)
        #expect(taken?.descriptor == 7 && taken?.waiters.sorted() == ["one", "two"])
        #expect(waits.take(fresh) == nil && waits.count == 0)
    }

    @Test func onlyTheLastToLeaveTakesTheRegistrationAlong() {
        var waits = Waits<String>()
        let (one, two) = (waits.newTicket(), waits.newTicket())
        _ = waits.add("one", one, 0)
        let tag = waits.add("two", two, 0)
        #expect(waits.remove(one, 0) == ("one", false))
        #expect(waits.remove(one, 0) == (nil, false))
        #expect(waits.remove(two, 0) == ("two", true))
        #expect(waits.take(tag) == nil)
    }
}
