import Processes
import Testing

@testable import RunnerStore

@Suite final class StoreErrorTests: StoreTests {
    private static let secret = "s3cret"

    /// Failures while a secret is being bound.
    enum Mishap: String, CaseIterable {
        case sessionTwice, sessionOfNoRunner, secondOwner, requestTwice, eventOfNobody, wordForANumber,
            brokenRule

        func happen(_ store: Writing) throws(StoreError) {
            switch self {
            case .sessionTwice:
                try store.insertSession(.sample(secret, runner: 1))
                try store.insertSession(.sample(secret, runner: 1))
            case .sessionOfNoRunner:
                try store.insertSession(.sample(secret, runner: 99))
            case .secondOwner:
                for id in ["a", "b"] {
                    try store.insertSession(.sample(id, runner: 1))
                    try store.confirm(id, as: secret, at: 1)
                }
            case .requestTwice:
                try store.insertSpawnRequest(.sample("q", error: secret))
                try store.insertSpawnRequest(.sample("q", error: secret))
            case .eventOfNobody:
                try store.recordEvent(secret, secret, detail: secret, at: 1)
            case .wordForANumber:
                try store.run("INSERT INTO heartbeats (runner_id, at) VALUES (1, ?)", [.text(secret)])
            case .brokenRule:
                try store.run("UPDATE runners SET hub_state = ?", [.text(secret)])
            }
        }
    }

    @Test(arguments: Mishap.allCases)
    func anErrorNeverShowsABoundValue(mishap: Mishap) throws {
        let store = try create()
        try store.addRunner()
        let error = try #require(storeError { try mishap.happen(store) })
        #expect(error.cause == .constraint)
        #expect(!"\(error) \(error.detail) \(error.hint ?? "")".contains(Self.secret))
        #expect(error.description.contains(path))
    }

    static let codes: [(Int32, StoreError.Cause, Bool)] = [
        (5, .busy, false), (6, .busy, false), (261, .busy, false), (517, .busy, false), (13, .full, false),
        (8, .readOnly, false), (1544, .readOnly, false), (3, .readOnly, false), (14, .cannotOpen, false),
        (11, .damaged, true), (267, .damaged, true), (26, .damaged, true), (19, .constraint, true),
        (2067, .constraint, true), (1, .other(code: 1), false), (10, .other(code: 10), false),
        (778, .other(code: 778), false), (3850, .noLocks, false), (2314, .noLocks, false),
        (5386, .noSharedMemory, false), (4874, .full, false),
    ]

    @Test(arguments: codes)
    func aResultCodeOfSQLiteHasItsCause(code: Int32, cause: StoreError.Cause, isFinal: Bool) {
        let error = StoreError(.init(sqliteCode: code), action: "use", path: "/p", detail: "d")
        #expect(error.cause == cause)
        #expect(error.isFinal == isFinal)
        #expect(error.description == "cannot use /p: d")
    }

    static let helped: [StoreError.Cause] = [
        .busy, .full, .readOnly, .cannotOpen, .missing, .damaged, .foreign, .newerSchema(found: 2, known: 1),
        .noSharedMemory, .noLocks,
    ]

    @Test(arguments: helped)
    func whatTheUserCanHelpHasAHint(cause: StoreError.Cause) {
        #expect(StoreError(cause, action: "open", path: "/p", detail: "d").hint?.isEmpty == false)
    }
}
