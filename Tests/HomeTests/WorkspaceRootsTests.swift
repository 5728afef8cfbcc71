import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class WorkspaceRootsTests: FolderTests {
    /// Two roots, one of them given as a symbolic link, and links that lead out of them.
    private func roots() throws -> WorkspaceRoots {
        try makeDirectory("work/project/..name")
        try makeDirectory("workshop")
        try makeDirectory("elsewhere/deep")
        try makeDirectory("real")
        try link("linked", to: "real")
        try link("work/out", to: "../elsewhere")
        try link("work/in", to: "project")
        try link("work/loop", to: "loop")
        try link("elsewhere/back", to: "../work/project")
        return try WorkspaceRoots(["\(folder)/work", "\(folder)/linked"])
    }

    static let inside: [(String, String)] = [
        ("work", "work"), ("work/", "work"), ("work/project", "work/project"),
        ("work/./project//", "work/project"), ("work/project/..name", "work/project/..name"),
        ("work/..name", "work/..name"), ("work/new/deep/tail", "work/new/deep/tail"),
        ("work/in", "work/project"), ("work/in/new", "work/project/new"), ("linked", "real"),
        ("linked/new", "real/new"), ("real/new", "real/new"), ("elsewhere/back", "work/project"),
        ("elsewhere/../work", "work"), ("work/project/../new", "work/new"),
    ]

    @Test(arguments: inside)
    func whatLiesInARootIsAdmittedWithItsLinksFollowed(path: String, target: String) throws {
        let admitted = try roots().admit("\(folder)/\(path)")
        #expect(admitted == resolvedPath(folder) + "/" + target)
    }

    @Test(arguments: [
        "", "elsewhere", "elsewhere/new", "workshop", "work/out", "work/out/deep", "work/out/new/tail",
        "work/..", "work/../elsewhere", "work/../../etc", "work/project/../../elsewhere", "linkedwork",
    ])
    func whatLiesOutsideIsNot(path: String) throws {
        #expect(try roots().admit("\(folder)/\(path)") == nil)
    }

    /// `String` considers them equal.
    @Test func aNameOfOtherBytesIsAnotherDirectory() throws {
        let roots = try WorkspaceRoots([try makeDirectory("caf\u{e9}")])
        try makeDirectory("cafe\u{301}")
        #expect(roots.admit("\(folder)/caf\u{e9}/new") != nil)
        #expect(roots.admit("\(folder)/cafe\u{301}/new") == nil)
    }

    /// A slash followed by a combining character is still a separator.
    @Test func aLinkBeforeAnOddNameIsFollowed() throws {
        #expect(try roots().admit("\(folder)/work/out/\u{301}new") == nil)
    }

    @Test(arguments: [
        ("work/project", true), ("work/in", true), ("work/out", true), ("work/out/deep", false),
        ("work/none", false), ("work/loop", false), ("elsewhere", false), ("workshop", false),
        ("work/project ", false), ("work/../elsewhere", false), ("linked", true),
    ])
    func ofALinkThatLeadsOutOnlyThatItIsThereIsTold(path: String, isThere: Bool) throws {
        #expect(try roots().isDirectoryThere("\(folder)/\(path)") == isThere)
    }

    @Test func theHubIsToldWhatWasGiven() throws {
        let roots = try roots()
        #expect(roots.advertised == ["\(folder)/work", "\(folder)/linked"])
        let twice = try WorkspaceRoots(["\(folder)/work", "\(folder)/work/", "\(folder)/work/../work"])
        #expect(twice.advertised == ["\(folder)/work"])
    }

    @Test func aPathOfManyPartsCostsLittleAndOneTooLongIsNone() throws {
        let roots = try WorkspaceRoots([folder])
        let deep = resolvedPath(folder) + String(repeating: "/a", count: 1900)
        let asked = ContinuousClock.now
        #expect(roots.admit(deep) == deep)
        #expect(ContinuousClock.now - asked < .milliseconds(500))
        #expect(roots.admit(folder + String(repeating: "/a", count: 1 << 20)) == nil)
    }

    @Test func withoutRootsEverythingIsAdmitted() throws {
        let none = try WorkspaceRoots([])
        #expect(none.isEmpty)
        #expect(none.admit("/anywhere/at/all") == "/anywhere/at/all")
    }

    @Test func theRootOfAllContainsEverything() throws {
        let all = try WorkspaceRoots(["/"])
        #expect(!all.isEmpty)
        #expect(all.admit("/") == "/")
        #expect(all.admit("/no/such/place") == "/no/such/place")
    }

    @Test func aTildeIsTheHomeOfTheUser() throws {
        let home = try #require(try WorkspaceRoots(["~"]).advertised.first)
        #expect(isDirectory(home) && !home.contains("~"))
    }

    @Test(arguments: ["", "missing", "file"])
    func aRootThatIsNoDirectoryIsRefused(name: String) throws {
        try write("", to: "file")
        let path = name.isEmpty ? "" : "\(folder)/\(name)"
        let error = #expect(throws: ConfigurationError.self) { try WorkspaceRoots([path]) }
        #expect(error?.variable == "--workspace-root")
        #expect(error?.description.contains("is '\(path)':") == true)
    }
}
