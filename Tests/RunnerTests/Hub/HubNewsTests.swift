import RunnerStore
import Testing

@testable import Runner

@Suite struct HubNewsTests {
    private let start = ContinuousClock.now

    @Test func aDayOfAttemptsIsOneRow() {
        var news = HubNews()
        var told = 0
        for attempt in 0..<5000 {
            let now = start + .seconds(17 * attempt)
            if news.isNews(.connecting, nil, at: now) { told += 1 }
            if news.isNews(.connecting, "connection refused", at: now) { told += 1 }
        }
        #expect(told == 2, "that it is away, and why")
        let returned = news.isNews(.connected, nil, at: start)
        let gone = news.isNews(.connecting, nil, at: start)
        #expect(returned && gone)
    }

    @Test func otherWordsAreTakenUpOnceAMinute() {
        var news = HubNews()
        let told = [
            news.isNews(.connecting, "refused", at: start),
            news.isNews(.connecting, "timed out", at: start + .seconds(30)),
            news.isNews(.connecting, "timed out", at: start + .seconds(61)),
            news.isNews(.unauthorized, "no", at: start + .seconds(62)),
        ]
        #expect(told == [true, false, true, true])
    }
}
