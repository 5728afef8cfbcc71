import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite struct SignalSettingTests {
    #if compiler(>=6.2)
        @Test func whatComesIgnoredOrBlockedByAccidentIsPutRight() async {
            await #expect(processExitsWith: .success) {
                for number in [SIGCHLD, SIGPIPE, SIGUSR1, SIGHUP, SIGINT] { signal(number, SIG_IGN) }
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_SETMASK, &all, nil)
                SignalSetting.reset()
                #expect([SIGCHLD, SIGPIPE, SIGUSR1].allSatisfy { !SignalSetting.isIgnored($0) })
                // As nohup does, and shells for background jobs.
                #expect(SignalSetting.isIgnored(SIGHUP) && SignalSetting.isIgnored(SIGINT))
                var blocked = sigset_t()
                pthread_sigmask(SIG_BLOCK, nil, &blocked)
                #expect((1...31).allSatisfy { sigismember(&blocked, $0) == 0 })
            }
        }

        @Test func aStopThatIsPendingSinceBeforeTheStartIsHeld() async {
            await #expect(processExitsWith: .success) {
                StopSignals.hold()
                // Pending for this thread only; the process's other threads don't block it.
                raise(SIGTERM)
                SignalSetting.reset(holdingStopSignals: true)
                #expect(StopSignals.isPending)
            }
        }

        @Test func aHeldSignalTakesItsCourseIfItIsLetTo() async {
            await #expect(processExitsWith: .signal(SIGTERM)) {
                StopSignals.hold()
                StopSignals.takeCourse(SIGTERM)
            }
        }

        @Test func aChildsExitCodeIsKnownWhereTheParentIgnoredTheirEnds() async {
            await #expect(processExitsWith: .success) {
                signal(SIGCHLD, SIG_IGN)
                SignalSetting.reset()
                let process = LaunchedProcess(pid: try ProcessLaunch.shell("exit 7").start())
                #expect(await process.waitForExit() == .code(7))
            }
        }

        /// The new program reports by its exit status whether it blocks a signal.
        @Test func aProgramThatIsBecomeHasNoMaskOfOurThreads() async {
            await #expect(processExitsWith: .exitCode(9)) {
                var all = sigset_t()
                sigfillset(&all)
                pthread_sigmask(SIG_SETMASK, &all, nil)
                signal(SIGPIPE, SIG_IGN)
                let script = "grep -q 'SigBlk:.0000000000000000' /proc/self/status && exit 9"
                _ = SignalSetting.become("sh", ["-c", script])
            }
        }
    #endif
}
