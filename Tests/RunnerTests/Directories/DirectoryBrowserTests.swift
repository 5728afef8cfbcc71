import Glibc
import HubProtocol
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

@Suite final class DirectoryBrowserTests: FolderTests {
    private func list(_ name: String, hidden: Bool = false) throws -> MachineRPCMessages.DirectoryListing {
        try makeDirectory("work")
        let browser = DirectoryBrowser(roots: try WorkspaceRoots(["\(folder)/work"]))
        return browser.list(name.isEmpty ? name : "\(folder)/\(name)", hidden: hidden)
    }

    private func fill() throws {
        try makeDirectory("work/repo/.git")
        try makeDirectory("work/linked-repo")
        try write("gitdir: elsewhere", to: "work/linked-repo/.git")
        try makeDirectory("work/Beta")
        try makeDirectory("work/.hidden")
        try write("12345", to: "work/alpha.txt")
        try write("", to: "work/Zeta")
        try write("", to: "work/.dotfile")
        try link("work/to-directory", to: "repo")
        try link("work/to-nothing", to: "nothing")
        mkfifo("\(folder)/work/pipe", 0o600)
    }

    @Test func directoriesComeFirstAndLettersCountWithoutTheirCase() throws {
        try fill()
        let names = try list("work").entries?.map(\.name)
        let files = ["alpha.txt", "pipe", "to-directory", "to-nothing", "Zeta"]
        #expect(names == ["Beta", "linked-repo", "repo"] + files)
    }

    @Test func whatIsHiddenIsListedIfWanted() throws {
        try fill()
        let names = try list("work", hidden: true).entries?.map(\.name) ?? []
        #expect(names.contains(".hidden") && names.contains(".dotfile"))
        #expect(!names.contains(".") && !names.contains(".."))
    }

    @Test func eachEntrySaysWhatItIs() throws {
        try fill()
        let listing = try list("work")
        #expect(listing.success && listing.error == nil)
        let entries = Dictionary(
            (listing.entries ?? []).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let types = [
            "repo": "directory", "linked-repo": "directory", "Beta": "directory", "alpha.txt": "file",
            "to-directory": "other", "to-nothing": "other", "pipe": "other",
        ]
        for (name, type) in types { #expect(entries[name]?.type == type, "\(name)") }
        #expect(entries["alpha.txt"]?.size == 5)
        #expect((entries["alpha.txt"]?.modified ?? 0) > 1_700_000_000_000)
        #expect(entries["to-directory"]?.size == nil && entries["to-directory"]?.modified == nil)
        #expect(entries.values.filter(\.isGitRepo).map(\.name).sorted() == ["linked-repo", "repo"])
    }

    @Test func anEmptyDirectoryIsListed() throws {
        let listing = try list("work")
        #expect(listing.success && listing.entries?.isEmpty == true)
    }

    @Test func aRefusalSaysWhy() throws {
        try write("", to: "file")
        try makeDirectory("work")
        try write("", to: "work/file")
        try link("work/out", to: "/etc")
        let refusals = [
            ("", "Path is required"), ("file", "Path is outside workspace roots"),
            ("work/..", "Path is outside workspace roots"), ("work/out", "Path is outside workspace roots"),
            ("work/file", "Path is not a directory"),
            ("work/missing", "cannot list \(resolvedPath(folder))/work/missing: No such file or directory"),
        ]
        for (name, error) in refusals {
            let listing = try list(name)
            #expect(!listing.success && listing.entries == nil)
            #expect(listing.error == error, "\(name)")
        }
        let blank = DirectoryBrowser(roots: try WorkspaceRoots([folder])).list(" \n", hidden: false)
        #expect(blank.error == "Path is required")
    }

    @Test func withoutRootsThereIsNoBrowsing() throws {
        let browser = DirectoryBrowser(roots: try WorkspaceRoots([]))
        #expect(
            browser.list("/", hidden: false).error == "Workspace browsing is not enabled for this machine")
        #expect(browser.list("", hidden: false).error == "Workspace browsing is not enabled for this machine")
    }
}
