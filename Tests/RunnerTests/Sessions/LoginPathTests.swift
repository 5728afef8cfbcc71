import Logging
import Testing
import UnitTestSupport

@testable import Home
@testable import Processes
@testable import Runner

@Suite final class LoginPathTests: FolderTests {
    @Test(arguments: [
        ("", true), ("/usr/bin:/bin", true),
        ("/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", true),
        ("/usr/bin::/bin", true), ("/home/dev/.local/bin:/usr/bin", false), ("/opt/bin", false),
        ("/usr/bin/", false), ("bin", false),
    ])
    func aPathWithoutAFolderOfTheUsersIsBare(path: String, isBare: Bool) {
        #expect(LoginPath.isBare(path) == isBare)
    }

    @Test(arguments: [
        ("\nhapi-path:/a:/b\n", "/a:/b"), ("Welcome!\n\nhapi-path:/a\nlogout\n", "/a"),
        ("hapi-path:/old\nhapi-path:/new\n", "/new"), ("hapi-path:\n", nil), ("", nil), ("hapi-pat", nil),
        ("x hapi-path:/a\n", nil), ("hapi-path:/with blank:/b\n", "/with blank:/b"),
    ])
    func whateverTheShellPrintsItsPathIsFound(output: String, path: String?) {
        #expect(LoginPath.told(in: output) == path)
    }

    @Test(arguments: [
        ("/n:/usr/bin", "/usr/bin:/bin", "/n:/usr/bin:/bin"), ("/usr/bin", "/usr/bin:/bin", nil),
        ("/bin:/usr/bin", "/usr/bin:/bin", nil), ("/n", "", "/n"), ("", "/bin", nil),
    ])
    func nothingOfTheRunnersOwnPathIsLost(login: String, own: String, merged: String?) {
        #expect(LoginPath.merged(login, own) == merged)
    }

    /// Like Debian's .bashrc, with the line that nvm appends.
    @Test func aPathThatOnlyAnInteractiveShellSetsIsFound() async throws {
        try write("case $- in *i*) ;; *) return;; esac\nPATH=\"\(folder)/nvm/bin:$PATH\"\n", to: ".bashrc")
        try write("[ -n \"$BASH_VERSION\" ] && . \"$HOME/.bashrc\"\n", to: ".profile")
        let path = await wanted(["SHELL": "/bin/bash"])
        #expect(path?.hasPrefix("\(folder)/nvm/bin:") == true, "\(path ?? "none")")
    }

    @Test(arguments: ["/bin/false", "/bin/cat", "/nonexistent"])
    func aShellThatTellsNothingChangesNothing(shell: String) async {
        #expect(await wanted(["SHELL": shell]) == nil)
    }

    @Test func aPathThatIsNotBareIsTheOneTheUserWants() async {
        #expect(await wanted(["SHELL": "/bin/bash", "PATH": "/opt/mine:/usr/bin:/bin"]) == nil)
    }

    private func wanted(_ environment: [String: String]) async -> String? {
        let bare = ["PATH": "/usr/bin:/bin", "HOME": folder]
        return await LoginPath.wanted(
            bare.merging(environment) { _, new in new },
            Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }
}
