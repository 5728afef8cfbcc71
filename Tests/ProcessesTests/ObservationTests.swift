import Testing
import UnitTestSupport

@testable import Processes

@Suite struct ObservationTests {
    static let process = ProcessIdentity(pid: 200, start: 6000)
    static let here = HostIdentity(machine: "m", bootID: "b", pidNamespace: 1)

    private static func status(start: Int64 = 6000, state: String = "S") -> ProcessStatus? {
        let zeros = Array(repeating: "0", count: 17).joined(separator: " ")
        return ProcessStatus(statLine: Array("200 (claude) \(state) 1 \(zeros) \(start) 0 0".utf8))
    }

    struct Look: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let host: HostIdentity
        let found: ProcessStatus?
        let observation: Observation
    }

    static let looks = [
        Look(testDescription: "it is there", host: here, found: status(), observation: .alive),
        Look(testDescription: "nothing is there", host: here, found: nil, observation: .gone),
        Look(testDescription: "a later process", host: here, found: status(start: 6001), observation: .gone),
        Look(
            testDescription: "an earlier process", host: here, found: status(start: 5999), observation: .gone),
        Look(testDescription: "a zombie", host: here, found: status(state: "Z"), observation: .gone),
        Look(testDescription: "dead", host: here, found: status(state: "X"), observation: .gone),
        Look(testDescription: "stopped", host: here, found: status(state: "T"), observation: .alive),
        Look(testDescription: "in a long call", host: here, found: status(state: "D"), observation: .alive),
        Look(
            testDescription: "an earlier boot",
            host: HostIdentity(machine: "m", bootID: "a", pidNamespace: 1),
            found: status(), observation: .rebooted),
        Look(
            testDescription: "an earlier boot, another namespace",
            host: HostIdentity(machine: "m", bootID: "a", pidNamespace: 2), found: nil, observation: .rebooted
        ),
        Look(
            testDescription: "another machine",
            host: HostIdentity(machine: "n", bootID: "c", pidNamespace: 1),
            found: status(), observation: .unverifiable),
        Look(
            testDescription: "another namespace",
            host: HostIdentity(machine: "m", bootID: "b", pidNamespace: 2),
            found: status(), observation: .unverifiable),
        Look(
            testDescription: "another namespace, nothing there",
            host: HostIdentity(machine: "m", bootID: "b", pidNamespace: 2), found: nil,
            observation: .unverifiable),
        Look(
            testDescription: "the same kernel under another name",
            host: HostIdentity(machine: "n", bootID: "b", pidNamespace: 1), found: status(),
            observation: .alive),
    ]

    @Test(arguments: looks)
    func aProcessIsJudgedByWhereItWasRecordedAndWhatIsThere(look: Look) {
        let judged = Observation.judge(Self.process, at: look.host, from: Self.here, found: look.found)
        #expect(judged == look.observation)
    }

    @Test(arguments: [(Observation.alive, false), (.gone, true), (.rebooted, true), (.unverifiable, false)])
    func notKnowingIsNotOver(observation: Observation, isOver: Bool) {
        #expect(observation.isOver == isOver)
    }

    @Test func thisProcessIsAlive() {
        #expect(Observation.of(ProcessTable.current, at: .current) == .alive)
        #expect(Observation.of(ProcessTable.current, at: .elsewhere) == .unverifiable)
        #expect(Observation.of(ProcessTable.current, at: .beforeRestart) == .rebooted)
    }

    @Test func thisHostIsNamed() {
        let here = HostIdentity.current
        #expect(!here.machine.isEmpty && !here.machine.contains("\n"))
        #expect(here.bootID.count == 36)
        #expect(here.pidNamespace > 0)
    }
}
