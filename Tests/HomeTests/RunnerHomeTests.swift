import FoundationEssentials
import Glibc
import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class RunnerHomeTests: FolderTests {
    static let places: [([String: String], String)] = [
        (["HOME": "/home/dev"], "/home/dev/.hapi"), ([:], recorded + "/.hapi"),
        (["HOME": ""], recorded + "/.hapi"), (["HAPI_HOME": "~/x"], recorded + "/x"),
        (["HOME": "/"], "/.hapi"),
        (["HOME": "/home/dev", "HAPI_HOME": ""], "/home/dev/.hapi"),
        (["HOME": "/home/dev", "HAPI_HOME": "/srv/hapi"], "/srv/hapi"),
        (["HOME": "/home/dev", "HAPI_HOME": "/srv//hapi/../x/"], "/srv/x"),
        (["HOME": "/home/dev", "HAPI_HOME": "~"], "/home/dev"),
        (["HOME": "/home/dev", "HAPI_HOME": "~/.hapi-work"], "/home/dev/.hapi-work"),
        (["HOME": "/home/dev", "HAPI_HOME": "relative"], current + "/relative"),
        (["HOME": "/home/dev", "HAPI_HOME": "~other"], current + "/~other"),
    ]

    /// This user's home in the user database, and the tests' current directory.
    private static let recorded = getpwuid(getuid()).map { String(cString: $0.pointee.pw_dir) } ?? ""
    private static let current = FileManager.default.currentDirectoryPath

    @Test(arguments: places)
    func theEnvironmentSaysWhereTheHomeIs(environment: [String: String], path: String) throws {
        #expect(try RunnerHome(environment: environment).path == path)
    }

    @Test func theFilesHaveTheirPlaces() {
        let home = RunnerHome(path: "/h")
        #expect(home.settings == "/h/settings.json")
        #expect(home.store == "/h/runner.db")
        #expect(home.stateFile == "/h/runner.state.json")
        #expect(home.lockFile == "/h/runner.state.json.lock")
        #expect(home.sessionLog("id") == "/h/logs/sessions/id.log")
        let log = home.runnerLog(pid: 7, at: 1_795_335_719_647)
        #expect(log.hasPrefix("/h/logs/2026-11-2") && log.hasSuffix("-pid-7-runner.log"))
        #expect(
            home.sessionProcessLog(pid: 7, at: 0).wholeMatch(of: /\/h\/logs\/[\d-]{19}-pid-7\.log/) != nil)
    }

    @Test func aHomeIsMadeForItsOwnerOnly() throws {
        let home = RunnerHome(path: "\(folder)/deep/home")
        try home.create()
        try home.create()
        for name in ["deep/home", "deep/home/logs", "deep/home/logs/sessions"] {
            #expect(mode(of: name) == 0o700)
        }
    }

    @Test func aHomeBehindALinkIsMended() throws {
        try makeDirectory("real/logs")
        for name in ["real", "real/logs"] { chmod("\(folder)/\(name)", 0o755) }
        try RunnerHome(path: try link("home", to: "real")).create()
        for name in ["real", "real/logs", "real/logs/sessions"] { #expect(mode(of: name) == 0o700) }
    }

    @Test(.enabled(if: geteuid() == 0, "needs root"))
    func aHomeOfSomebodyElsesIsRefusedAndUntouched() throws {
        try makeDirectory("real")
        chmod("\(folder)/real", 0o777)
        chown("\(folder)/real", 65_533, 65_533)
        for path in ["\(folder)/real", try link("home", to: "real")] {
            let error = #expect(throws: (any Error).self) { try RunnerHome(path: path).create() }
            #expect("\(error, default: "")".hasPrefix("cannot use \(path): it belongs to user 65533"))
            #expect("\(error, default: "")".contains("chown"))
        }
        #expect(mode(of: "real") == 0o777)
        #expect(entries(of: "\(folder)/real").isEmpty)
    }

    @Test(
        .enabled(if: geteuid() == 0, "needs root"),
        arguments: [
            "settings.json", "runner.db", "runner.db-wal", "runner.db-shm", "runner.state.json",
            "runner.state.json.lock", "logs", "logs/sessions",
        ])
    func whatSomebodyElseLeftInAHomeIsRefused(name: String) throws {
        try home.create()
        if !isDirectory("\(folder)/\(name)") { try write("", to: name) }
        chown("\(folder)/\(name)", 65_533, 65_533)
        let error = #expect(throws: (any Error).self) { try self.home.create() }
        #expect(
            "\(error, default: "")".hasPrefix("cannot use \(folder)/\(name): it belongs to user 65533"))
    }

    @Test func aFileInTheWayIsAnErrorThatNamesIt() throws {
        try write("", to: "file")
        let error = #expect(throws: FileError.self) { try RunnerHome(path: "\(self.folder)/file").create() }
        #expect(error?.description == "cannot create the directory \(folder)/file: File exists")
        let below = #expect(throws: FileError.self) {
            try createDirectory("\(self.folder)/file/x", mode: 0o700)
        }
        #expect(below?.code == ENOTDIR)
    }

    @Test func theNewestRunnerLogIsFound() throws {
        #expect(home.newestRunnerLog() == nil)
        try home.create()
        let names = [
            "2026-11-22-07-41-59-pid-9-runner", "2026-11-22-08-00-00-pid-1-runner",
            "2026-12-01-00-00-00-pid-5",
        ]
        for name in names { try write("", to: "logs/\(name).log") }
        #expect(home.newestRunnerLog() == "\(folder)/logs/2026-11-22-08-00-00-pid-1-runner.log")
    }

    static let paths = [
        ("/", "/"), ("/a/b", "/a/b"), ("//a///b//", "/a/b"), ("/a/./b/.", "/a/b"), ("/a/../b", "/b"),
        ("/../..", "/"), ("/a/b/../../..", "/"), ("/..a/...", "/..a/..."), ("a", current + "/a"),
        ("", current), ("./a/..", current), ("/a/\u{301}b/..", "/a"),
    ]

    @Test(arguments: paths)
    func aPathIsMadeAbsoluteAndPlain(path: String, absolute: String) throws {
        #expect(try absolutePath(path) == absolute)
    }

    @Test func aFileBehindLinksIsReplacedWhereItIs() throws {
        try makeDirectory("real")
        try link("real/second", to: "file")
        let first = try link("first", to: "real/second")
        try replaceFile(first, with: Array("new".utf8))
        #expect(text(of: "real/file") == "new")
        #expect(linkTarget(first) == "real/second" && linkTarget("\(folder)/real/second") == "file")
    }

    @Test func aFileIsReplacedInOneStepForItsOwnerOnly() throws {
        try write("old", to: "file")
        chmod("\(folder)/file", 0o644)
        try replaceFile("\(folder)/file", with: Array("new".utf8))
        #expect(text(of: "file") == "new")
        #expect(mode(of: "file") == 0o600)
        #expect(entries(of: folder) == ["file"])
    }

    @Test func whatCannotBeReplacedLeavesNothingBehind() throws {
        try makeDirectory("directory/inside")
        let error = #expect(throws: FileError.self) { try replaceFile("\(self.folder)/directory", with: []) }
        #expect(error?.action == "replace")
        #expect(entries(of: folder) == ["directory"])
        #expect(throws: FileError.self) { try replaceFile("\(self.folder)/missing/file", with: []) }
    }
}
