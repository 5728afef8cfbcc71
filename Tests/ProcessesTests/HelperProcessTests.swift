import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class HelperProcessTests: FolderTests {
    @Test func whatAHelperSaysIsItsAnswer() async throws {
        let result = try await sh("echo out; echo words >&2; exit 3", in: folder)
        #expect(result.status == 3 && result.output == "out\n" && result.words == "words")
    }

    @Test func whoTakesTooLongIsAskedToEndAndCleansUp() async throws {
        let error = await #expect(throws: (any Error).self) {
            try await sh(
                "trap 'touch cleaned; exit' TERM; sleep 60 & wait", in: self.folder,
                within: .milliseconds(500))
        }
        #expect("\(error, default: "")" == "/bin/sh did not end within 0.5 seconds")
        #expect(entries(of: folder) == ["cleaned"])
    }

    @Test func whoIsNoLongerWantedIsAskedToEndToo() async throws {
        let helper = Task { [folder] in
            try await sh("trap 'touch cleaned; exit' TERM; touch ready; sleep 60 & wait", in: folder)
        }
        #expect(await eventually { entries(of: folder) == ["ready"] })
        helper.cancel()
        let error = await #expect(throws: (any Error).self) { try await helper.value }
        #expect("\(error, default: "")" == "/bin/sh was interrupted")
        #expect(entries(of: folder).sorted() == ["cleaned", "ready"])
    }

    @Test func gitTakesBackWhatItHasHalfMade() async throws {
        let made = try await sh(
            """
            git init -q repository && cd repository && git config user.name n && git config user.email e
            echo '* filter=slow' > .gitattributes && git add . && git commit -q -m one
            git config filter.slow.smudge 'touch ../begun; exec sleep 60'
            """, in: folder)
        try #require(made.status == 0, "\(made.words)")
        let adding = Task { [folder] in
            try await sh("cd repository && exec git worktree add -q -b new ../new", in: folder)
        }
        #expect(await eventually { entries(of: folder).contains("begun") })
        #expect(entries(of: folder).contains("new"))
        adding.cancel()
        await #expect(throws: (any Error).self) { try await adding.value }
        #expect(entries(of: folder).sorted() == ["begun", "repository"])
        #expect(entries(of: "\(folder)/repository/.git/worktrees").isEmpty)
    }

    @Test func whoDoesNotListenIsKilledWithItsGroup() async throws {
        let helper = Task { [folder] in
            try await sh("trap '' TERM; echo $$ > pid; sleep 60; touch survived", in: folder)
        }
        #expect(await eventually { text(of: "pid")?.hasSuffix("\n") == true })
        let leader = try #require(text(of: "pid").flatMap { Int32($0.dropLast()) })
        helper.cancel()
        await #expect(throws: (any Error).self) { try await helper.value }
        #expect(await eventually { kill(-leader, 0) != 0 && errno == ESRCH })
        #expect(entries(of: folder) == ["pid"])
    }

    #if compiler(>=6.2)
        /// In a separate process with its own descriptors. The helper's output needs two, its pidfd one, and
        /// the readiness loop two; without the last three it is polled.
        @Test func withFewDescriptorsLeftThereIsAnAnswerOrAReason() async {
            await #expect(processExitsWith: .success) {
                BlockingWork.prepare()
                let spare = open("/dev/null", O_RDONLY | O_CLOEXEC)
                // The runtime's timers need one descriptor per clock; created before the limit applies.
                try? await Task.sleep(for: .milliseconds(5), clock: .continuous)
                try? await Task.sleep(for: .milliseconds(5), clock: .suspending)
                var limit = rlimit(rlim_cur: 256, rlim_max: 256)
                setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
                for free in 0...8 {
                    var taken: [Int32] = []
                    while case let copy = fcntl(spare, F_DUPFD_CLOEXEC, 0), copy >= 0 { taken.append(copy) }
                    for descriptor in taken.suffix(free) { close(descriptor) }
                    do {
                        let answer = try await sh("echo words; exit 3", in: "/")
                        #expect(answer.status == 3 && answer.words == "words")
                    } catch {
                        #expect("\(error)" == "cannot create a memory file: Too many open files")
                        #expect(free < 4)
                    }
                    for descriptor in taken.dropLast(free) { close(descriptor) }
                }
            }
        }
    #endif
}

/// Runs a shell script as a helper.
private func sh(
    _ script: String, in folder: String, within patience: Duration = .seconds(30)
) async throws -> HelperProcess.Result {
    try await HelperProcess.run(
        "/bin/sh", ["-c", script], environment: ["PATH": "/usr/bin:/bin"], directory: folder,
        within: patience)
}
