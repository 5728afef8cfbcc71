import Glibc
import Testing

@testable import Runner

@Suite final class DirectoryPolicyTests: FolderTests {
    static let verdicts: [(DirectoryState, Bool?, DirectoryVerdict)] = [
        (.directory, nil, .use), (.directory, true, .use), (.directory, false, .use),
        (.missing, nil, .create), (.missing, true, .create), (.missing, false, .askApproval),
        (.notDirectory, true, .refuse("cannot use /d as a directory: a file is in the way")),
        (.notDirectory, false, .refuse("cannot use /d as a directory: a file is in the way")),
        (.danglingLink, nil, .refuse("cannot use /d as a directory: it is a link to nothing")),
        (.unreadable(errno: EACCES), nil, .refuse("cannot use /d as a directory: Permission denied")),
        (.unreadable(errno: EACCES), false, .refuse("cannot use /d as a directory: Permission denied")),
    ]

    @Test(arguments: verdicts)
    func whatIsThereAndTheApprovalDecide(state: DirectoryState, approved: Bool?, verdict: DirectoryVerdict) {
        #expect(DirectoryVerdict.on("/d", state, approved: approved) == verdict)
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
