import RunnerStore
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Processes

@Suite final class RunnerPresenceTests: FolderTests {
    private func runner(_ id: Int64, _ process: ProcessIdentity, host: HostIdentity = .current)
        -> RunnerRecord
    {
        var runner = RunnerRecord(
            process: process, host: host, version: "0.1.0", programModifiedAt: nil, hubURL: nil,
            hubState: .disabled, machineID: nil, logPath: "/l", startedAt: 1)
        runner.id = id
        runner.httpPort = 46735
        return runner
    }

    private func presence(_ runners: [RunnerRecord], _ stateFile: StateFile? = nil) -> RunnerPresence {
        RunnerPresence(home, runners: runners, stateFile: { stateFile })
    }

    @Test func theNewestLifeWhoseProcessIsThereIsTheRunner() {
        let gone = runner(3, .sample(Int32.max))
        let present = presence([gone, runner(2, ProcessTable.current), runner(1, ProcessTable.current)])
        #expect(present.runner?.id == 2)
        #expect(present.last?.id == 3)
        #expect(present.controlPort == 46735)
        #expect(!present.isStopping)
    }

    @Test func aLifeThatEndedIsNotTheRunner() {
        var ended = runner(2, ProcessTable.current)
        ended.endReason = .cli
        let present = presence([ended])
        #expect(present.runner == nil)
        #expect(present.last?.id == 2)
        #expect(present.controlPort == nil)
    }

    @Test(arguments: [HostIdentity.elsewhere, .beforeRestart])
    func aLifeElsewhereIsNotTheRunner(host: HostIdentity) {
        #expect(presence([runner(1, ProcessTable.current, host: host)]).runner == nil)
    }

    /// Whether it is still running there cannot be known, except for one from before a reboot.
    @Test func aLifeElsewhereIsToldUnlessItsEndIsOnRecord() {
        var life = runner(1, ProcessTable.current, host: .elsewhere)
        #expect(presence([life]).elsewhere?.id == 1)
        #expect(presence([runner(2, ProcessTable.current), life]).elsewhere == nil)
        life.endReason = .cli
        #expect(presence([life]).elsewhere == nil)
        #expect(presence([runner(1, ProcessTable.current, host: .beforeRestart)]).elsewhere == nil)
    }

    @Test func aRunnerThatWasToldToStopIsStopping() {
        var stopping = runner(1, ProcessTable.current)
        stopping.stoppingAt = 5
        #expect(presence([stopping]).isStopping)
        #expect(!presence([]).isStopping)
    }

    @Test func hapisOwnRunnerIsTheOneInTheStateFile() async throws {
        var launch = ProcessLaunch.shell("sleep 60; :")
        launch.arguments += ["hapi", "runner", "start-sync"]
        let (foreign, stranger) = (try child(launch), try child("sleep", "60"))
        for (child, isForeign) in [(foreign, true), (stranger, false)] {
            await settled(child)
            try write(
                #"{"pid":\#(child.pid),"httpPort":7,"startTime":"","startedWithCliVersion":"0.29.0"}"#,
                to: "runner.state.json")
            let present = presence([], StateFile.read(home))
            #expect(present.foreignPID == (isForeign ? child.pid : nil))
            #expect(present.controlPort == (isForeign ? 7 : nil))
        }
    }

    @Test func aHomeWithoutAStoreHasNoRunnerAndNoError() {
        let present = RunnerPresence(home)
        #expect(present.runner == nil && present.last == nil && present.storeError == nil)
    }

    @Test func aStoreThatCannotBeReadIsAnErrorAndNotAnAbsence() throws {
        try write("garbage", to: "runner.db")
        #expect(RunnerPresence(home).storeError?.cause == .damaged)
    }
}
