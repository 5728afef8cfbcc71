import Glibc
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

@Suite final class DirectoryPolicyTests: FolderTests {
    /// The state of the path, what the request says, the standing decision, the policy.
    struct Case: Sendable, CustomTestStringConvertible {
        let state: DirectoryState
        let approved: Bool?
        var standing: DirectoryDecision?
        var policy = DirectoryPolicy.allow
        let verdict: DirectoryVerdict

        var testDescription: String {
            "\(state), \(approved.map { "\($0)" } ?? "-"), \(standing?.rawValue ?? "-"), \(policy)"
        }
    }

    static let there: [Case] = [
        Case(state: .directory, approved: nil, verdict: .use),
        Case(state: .directory, approved: false, standing: .denied, policy: .deny, verdict: .use),
        Case(
            state: .notDirectory, approved: true, standing: .approved,
            verdict: .refuse("cannot use /d as a directory: a file is in the way")),
        Case(
            state: .danglingLink, approved: nil,
            verdict: .refuse("cannot use /d as a directory: it is a broken symbolic link")),
        Case(
            state: .unreadable(errno: EACCES), approved: nil,
            verdict: .refuse("cannot use /d as a directory: permission denied")),
    ]

    static let missing: [Case] = [
        Case(state: .missing, approved: nil, verdict: .create(by: "policy")),
        Case(state: .missing, approved: nil, policy: .ask, verdict: .askApproval),
        Case(state: .missing, approved: nil, policy: .deny, verdict: .deny(by: "policy")),
        Case(state: .missing, approved: true, policy: .deny, verdict: .create(by: "http")),
        Case(state: .missing, approved: false, verdict: .askApproval),
        Case(
            state: .missing, approved: false, standing: .approved, verdict: .create(by: "standing decision")),
        Case(
            state: .missing, approved: nil, standing: .approved, policy: .deny,
            verdict: .create(by: "standing decision")),
        Case(state: .missing, approved: true, standing: .denied, verdict: .deny(by: "standing decision")),
        Case(state: .missing, approved: nil, standing: .denied, verdict: .deny(by: "standing decision")),
    ]

    @Test(arguments: there + missing)
    func whatIsThereAndWhoSaidWhatDecide(on expected: Case) {
        let verdict = DirectoryVerdict.on(
            "/d", expected.state, approved: expected.approved, standing: expected.standing,
            policy: expected.policy, source: .http)
        #expect(verdict == expected.verdict)
    }

    static let problems: [(Int32, String)] = [
        (EACCES, "permission denied"), (ENOTDIR, "a file is in the way"), (ENOSPC, "the disk is full"),
        (EROFS, "the file system is read-only"), (ENAMETOOLONG, "the path is too long"),
        (ENOENT, "it is gone"),
    ]

    @Test(arguments: problems)
    func eachProblemHasWordsOfItsOwn(code: Int32, words: String) {
        #expect(directoryProblem("/d", code) == "cannot use /d as a directory: \(words)")
    }

    @Test func whatIsThereIsSeen() throws {
        try makeDirectory("directory")
        try write("", to: "file")
        try link("to-directory", to: "directory")
        try link("to-file", to: "file")
        try link("to-nothing", to: "nothing")
        try link("to-itself", to: "to-itself")
        let states: [(String, DirectoryState)] = [
            ("directory", .directory), ("to-directory", .directory), ("directory/missing/deep", .missing),
            ("missing", .missing), ("file", .notDirectory), ("to-file", .notDirectory),
            ("file/below", .notDirectory), ("to-nothing", .danglingLink),
            ("to-itself", .unreadable(errno: ELOOP)),
            (String(repeating: "x", count: 300), .unreadable(errno: ENAMETOOLONG)),
        ]
        for (name, state) in states { #expect(DirectoryState.of("\(folder)/\(name)") == state, "\(name)") }
    }
}
