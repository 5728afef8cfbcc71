import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class ProcessLaunchTests: FolderTests {
    private func output(of launch: ProcessLaunch) async throws -> String? {
        var launch = launch
        launch.output = .append("\(folder)/out")
        let child = try self.child(launch)
        _ = await child.ended()
        return text(of: "out")
    }

    @Test func aProgramGetsItsArgumentsAndItsEnvironmentAndNothingElse() async throws {
        let launch = ProcessLaunch(
            program: "/bin/sh",
            arguments: ["sh", "-c", #"for a; do echo "[$a]"; done; env"#, "zero", "a b", "", "'"],
            environment: ["A=b=c", "EMPTY="])
        let lines = try #require(try await output(of: launch)).split(separator: "\n")
        #expect(lines.prefix(3) == ["[a b]", "[]", "[']"])
        let variables = lines.dropFirst(3).filter {
            !["PWD=", "_=", "SHLVL=", "OLDPWD="].contains(where: $0.hasPrefix)
        }
        #expect(variables.sorted() == ["A=b=c", "EMPTY="])
    }

    @Test func itStandsInItsDirectory() async throws {
        var launch = ProcessLaunch.shell("pwd -P")
        launch.directory = try makeDirectory("naïve 😀")
        #expect(try await output(of: launch) == resolvedPath(launch.directory) + "\n")
    }

    @Test func itsOutputIsAppendedToAFileThatOnlyItsOwnerCanRead() async throws {
        #expect(try await output(of: .shell("echo first")) == "first\n")
        #expect(try await output(of: .shell("echo second; echo third >&2")) == "first\nsecond\n")
        #expect(mode(of: "out") == 0o600)
    }

    @Test func itsStreamsAreNothingUnlessNamed() async throws {
        let child = try self.child("sleep", "60")
        for descriptor in 0...2 { #expect(linkTarget("/proc/\(child.pid)/fd/\(descriptor)") == "/dev/null") }
    }

    @Test func nothingOfOursIsInherited() async throws {
        // Not close-on-exec, like a descriptor of a careless library.
        let careless = open("/dev/null", O_RDONLY)
        defer { close(careless) }
        #expect(careless > 2)
        let child = try self.child("sleep", "60")
        // The loader opens and closes files of its own.
        let descriptors = await eventually {
            entries(of: "/proc/\(child.pid)/fd").sorted() == ["0", "1", "2"]
        }
        #expect(descriptors)
    }

    @Test func whatIsPassedIsNumberedFromThree() async throws {
        let files = ["a", "b"].map { open("\(folder)/\($0)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { for file in files { close(file) } }
        var launch = ProcessLaunch.shell(
            "echo first >&3; echo second >&4; test -e /proc/self/fd/5 || echo none >&3")
        launch.passing = files
        let child = try self.child(launch)
        #expect(await child.ended() == 0)
        #expect(text(of: "a") == "first\nnone\n")
        #expect(text(of: "b") == "second\n")
    }

    @Test func descriptorsMayBePassedInAnyOrder() async throws {
        // Some of these files may have the numbers 3 and 4 themselves.
        let files = ["a", "b", "c"].map { open("\(folder)/\($0)", O_WRONLY | O_CREAT | O_CLOEXEC, 0o600) }
        defer { for file in files { close(file) } }
        var launch = ProcessLaunch.shell("echo 3 >&3; echo 4 >&4; echo 5 >&5")
        launch.passing = files.reversed()
        #expect(await (try child(launch)).ended() == 0)
        #expect(text(of: "c") == "3\n" && text(of: "b") == "4\n" && text(of: "a") == "5\n")
    }

    @Test func maskAndDispositionsAreTheDefaults() async throws {
        let earlier = signal(SIGUSR2, SIG_IGN)
        defer { signal(SIGUSR2, earlier) }
        let child = try startWithSignalsBlocked()
        _ = await child.ended()
        let status = try #require(text(of: "out"))
        func bits(_ name: String) -> UInt64? {
            status.split(separator: "\n").first { $0.hasPrefix(name) }?
                .split(whereSeparator: \.isWhitespace).last.flatMap { UInt64($0, radix: 16) }
        }
        #expect(bits("SigBlk:") == 0)
        // glibc keeps signals 32 and 33 for itself.
        #expect(bits("SigIgn:").map { $0 & ~0x1_8000_0000 } == 0)
        #expect(bits("SigCgt:") == 0)
    }

    /// The mask belongs to the calling thread, so there must be no await in between.
    private func startWithSignalsBlocked() throws -> Child {
        var (blocked, earlier) = (sigset_t(), sigset_t())
        sigemptyset(&blocked)
        for signal in [SIGTERM, SIGUSR1, SIGCHLD] { sigaddset(&blocked, signal) }
        pthread_sigmask(SIG_BLOCK, &blocked, &earlier)
        defer { pthread_sigmask(SIG_SETMASK, &earlier, nil) }
        return try child(
            ProcessLaunch(
                program: "/bin/cat", arguments: ["cat", "/proc/self/status"], environment: [],
                output: .append("\(folder)/out")))
    }

    @Test(arguments: [true, false])
    func aSessionOfItsOwnIsStartedIfWanted(startsSession: Bool) throws {
        var launch = ProcessLaunch(program: "/bin/sleep", arguments: ["sleep", "60"], environment: [])
        launch.startsSession = startsSession
        let child = try self.child(launch)
        #expect(getsid(child.pid) == (startsSession ? child.pid : getsid(0)))
        #expect(getpgid(child.pid) == (startsSession ? child.pid : getpgid(0)))
    }

    struct Failing: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: Int32
        let change: @Sendable (inout ProcessLaunch, String) -> Void
    }

    static let failing = [
        Failing(testDescription: "no such program", code: ENOENT) { $0.program = "\($1)/missing" },
        Failing(testDescription: "no such program in PATH", code: ENOENT) { launch, _ in
            launch.program = "no-such-program-anywhere"
            launch.searchesPath = true
        },
        Failing(testDescription: "no such directory", code: ENOENT) { $0.directory = "\($1)/missing" },
        Failing(testDescription: "a file for a directory", code: ENOTDIR) { $0.directory = "\($1)/text" },
        Failing(testDescription: "not executable", code: EACCES) { $0.program = "\($1)/text" },
        Failing(testDescription: "a directory for a program", code: EACCES) { $0.program = $1 },
        Failing(testDescription: "no format we know", code: ENOEXEC) { $0.program = "\($1)/garbage" },
        Failing(testDescription: "no place for the output", code: ENOENT) {
            $0.output = .append("\($1)/missing/out")
        },
        Failing(testDescription: "a closed descriptor to pass", code: EBADF) { launch, _ in
            launch.passing = [-1]
        },
        Failing(testDescription: "a closed descriptor for the output", code: EBADF) { launch, _ in
            launch.output = .descriptor(900)
        },
    ]

    @Test(arguments: failing)
    func whatCannotBeStartedIsAnErrorWithItsCause(case one: Failing) throws {
        try write("text", to: "text")
        chmod(try write("garb\0age", to: "garbage"), 0o700)
        var launch = ProcessLaunch(program: "/bin/true", arguments: ["true"], environment: [])
        one.change(&launch, folder)
        let error = #expect(throws: LaunchError.self) { try launch.start() }
        #expect(error?.code == one.code)
        #expect(error?.description.hasPrefix("cannot start \(launch.program): ") == true)
    }
}
