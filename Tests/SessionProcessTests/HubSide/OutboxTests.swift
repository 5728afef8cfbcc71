import HubProtocol
import Testing

@testable import SessionProcess

@Suite struct OutboxTests {
    private static func message(_ number: Int) -> JSONValue { ["n": .integer(Int64(number))] }

    private static func numbers(_ items: [Outbox.Item]) -> [Int] {
        items.compactMap {
            if case .message(let message) = $0.content { message["n"]?.integer } else { nil }
        }
    }

    private static func filled(_ count: Int, limit: Int = 1 << 20) -> Outbox {
        var outbox = Outbox(limit: limit)
        for number in 0..<count { outbox.put(.message(message(number)), bytes: 100) }
        return outbox
    }

    @Test func whatIsConfirmedIsGone() {
        var outbox = Self.filled(3)
        let batch = outbox.take(2)
        #expect(Self.numbers(batch) == [0, 1])
        outbox.confirm(upTo: batch[1].number)
        #expect(outbox.count == 1 && outbox.bytes == 100 && Self.numbers(outbox.take(9)) == [2])
    }

    @Test(arguments: 0...4) func afterALostLineOnlyWhatDidNotArriveIsSentAgain(_ arrived: Int) {
        var outbox = Self.filled(6)
        _ = outbox.take(4)
        outbox.reconnected(known: (0..<arrived).map(Self.message))
        #expect(Self.numbers(outbox.take(9)) == Array(arrived..<6))
        #expect(outbox.bytes == (6 - arrived) * 100)
    }

    @Test func consumptionsAreToldAgainForTheyMayBe() {
        var outbox = Outbox()
        outbox.put(.consumed(["a"], clearsThinking: false, steered: false))
        _ = outbox.take(9)
        #expect(outbox.hasUnconfirmed)
        outbox.reconnected(known: [])
        #expect(outbox.take(9).count == 1)
    }

    @Test func aSnapshotThatWasNotSentIsReplacedByTheNext() {
        var outbox = Self.filled(1)
        outbox.put(.message(Self.message(10)), snapshot: "t", isDroppable: true, bytes: 50)
        outbox.put(.message(Self.message(11)), snapshot: "t", isDroppable: true, bytes: 60)
        #expect(outbox.count == 2 && outbox.bytes == 160)
        #expect(Self.numbers(outbox.take(9)) == [0, 11])
        outbox.put(.message(Self.message(12)), snapshot: "t", bytes: 70)
        #expect(Self.numbers(outbox.take(9)) == [12])
    }

    @Test func snapshotsGoFirstThenTheOldestMessagesAndTheyAreCounted() {
        var outbox = Outbox(limit: 1000)
        for number in 0..<4 { outbox.put(.message(Self.message(number)), bytes: 200) }
        outbox.put(.message(Self.message(4)), snapshot: "t", isDroppable: true, bytes: 300)
        #expect(outbox.takeDropped() == 0 && outbox.bytes == 800)
        outbox.put(.consumed(["a"], clearsThinking: false, steered: false))
        outbox.put(.message(Self.message(5)), bytes: 200)
        #expect(outbox.takeDropped() == 3 && outbox.takeDropped() == 0)
        let left = outbox.take(9)
        #expect(Self.numbers(left) == [3, 5] && left.count == 3)
    }
}
