import HubProtocol
import Testing

/// Ids as the hub and HAPI's own programs write them.
let machineID = "4abfd7f8-63fc-4d11-90c4-e2b03b5b2943"
let sessionID = "987f738a-de72-4fe4-8977-48cdb185b178"

/// Whether two documents are the same, whatever the order of their keys.
func isSame(_ value: some Encodable, _ text: String) throws -> Bool {
    let written = try JSON.decode(JSONValue.self, from: JSON.encode(value))
    return try written == JSON.decode(JSONValue.self, from: text.utf8)
}

@Suite struct MachineMessagesTests {
    private var metadata: MachineMetadata {
        var metadata = MachineMetadata(host: "vm", platform: "linux", happyCliVersion: "0.1.0")
        metadata.homeDir = "/home/dev"
        metadata.happyHomeDir = "/home/dev/.hapi"
        metadata.happyLibDir = "/usr/local/bin"
        return metadata
    }

    @Test func aSessionProcessRegistersItsMachineWithANullRunnerState() throws {
        let registration = MachineRegistration(id: machineID, metadata: metadata, runnerState: nil)
        let text = #"""
            {"id":"\#(machineID)","metadata":{"host":"vm","platform":"linux","happyCliVersion":"0.1.0",
             "homeDir":"/home/dev","happyHomeDir":"/home/dev/.hapi","happyLibDir":"/usr/local/bin"},
             "runnerState":null}
            """#
        #expect(try isSame(registration, text))
    }

    @Test func aRunnerRegistersItsMachineWithAllItCanDo() throws {
        var metadata = metadata
        metadata.workspaceRoots = ["/home/dev/work"]
        metadata.capabilities = ["cursor-chat-store-status", "stop-runner"]
        metadata.startedCliMtimeMs = 1_795_333_205_279.6423
        metadata.installedCliMtimeMs = 1_795_333_205_279.6423
        metadata.supervisedRestart = false
        let state = RunnerState(
            status: "running", pid: 28583, httpPort: 46735, startedAt: 1_795_335_719_647,
            capabilities: .init(piExistingSessionResume: true))
        let text = #"""
            {"id":"\#(machineID)","metadata":{"host":"vm","platform":"linux","happyCliVersion":"0.1.0",
             "homeDir":"/home/dev","happyHomeDir":"/home/dev/.hapi","happyLibDir":"/usr/local/bin",
             "workspaceRoots":["/home/dev/work"],"capabilities":["cursor-chat-store-status","stop-runner"],
             "startedCliMtimeMs":1795333205279.6423,"installedCliMtimeMs":1795333205279.6423,
             "supervisedRestart":false},
             "runnerState":{"status":"running","pid":28583,"httpPort":46735,"startedAt":1795335719647,
             "capabilities":{"piExistingSessionResume":true}}}
            """#
        #expect(try isSame(MachineRegistration(id: machineID, metadata: metadata, runnerState: state), text))
    }

    @Test func theRunnersStateIsUpdatedWithTheVersionThatIsExpected() throws {
        var state = RunnerState(
            status: "shutting-down", pid: 1, httpPort: 2, startedAt: 3, capabilities: nil)
        state.shutdownRequestedAt = 4
        state.shutdownSource = "hapi-cli"
        state.lastSpawnError = .init(message: "no", pid: nil, exitCode: 3, signal: nil, at: 5)
        let update = MachineStateUpdate(machineId: machineID, expectedVersion: 7, runnerState: state)
        let text = #"""
            {"machineId":"\#(machineID)","expectedVersion":7,"runnerState":{"status":"shutting-down","pid":1,
             "httpPort":2,"startedAt":3,"shutdownRequestedAt":4,"shutdownSource":"hapi-cli",
             "lastSpawnError":{"message":"no","exitCode":3,"at":5}}}
            """#
        #expect(try isSame(update, text))
    }

    @Test func metadataIsReplacedAsAWholeWithWhatOthersPutThere() throws {
        let theirs = #"{"host":"vm","displayName":"my box","happyCliVersion":"0.1.0","platform":"linux"}"#
        let metadata = try JSON.decode(JSONValue.self, from: theirs.utf8)
        let update = MachineMetadataUpdate(machineId: machineID, expectedVersion: 3, metadata: metadata)
        #expect(
            try isSame(update, #"{"machineId":"\#(machineID)","expectedVersion":3,"metadata":\#(theirs)}"#))
    }

    @Test func healthHasOnlyKeysTheHubKnows() throws {
        var health = MachineHealth(collectedAt: 1_795_335_719_700)
        #expect(try isSame(health, #"{"collectedAt":1795335719700}"#))
        health.cpuCount = 2
        health.load1m = 0.26
        health.cpuPercent = 27
        health.memoryPercent = 2
        health.uptimeSeconds = 5550
        let text = #"""
            {"collectedAt":1795335719700,"cpuCount":2,"load1m":0.26,"cpuPercent":27,"memoryPercent":2,
             "uptimeSeconds":5550}
            """#
        #expect(try isSame(health, text))
        let alive = MachineAlive(machineId: machineID, time: 1_795_335_719_700, health: health)
        #expect(try isSame(alive, #"{"machineId":"\#(machineID)","time":1795335719700,"health":\#(text)}"#))
    }

    @Test func theHubsAnswerIsReadWithWhatWeDoNotKnow() throws {
        let text = #"""
            {"machine":{"id":"\#(machineID)","namespace":"default","seq":1,"createdAt":1,"updatedAt":2,
             "active":true,"activeAt":3,"metadata":{"host":"vm","platform":"linux","happyCliVersion":"0.1.0",
             "displayName":"my box"},"metadataVersion":2,"runnerState":{"status":"offline"},
             "runnerStateVersion":5}}
            """#
        let machine = try JSON.decode(MachineAnswer.self, from: text.utf8).machine
        #expect(machine.metadata?["displayName"]?.string == "my box")
        #expect(machine.metadataVersion == 2)
        #expect(machine.runnerStateVersion == 5)
    }

    @Test func metadataTheHubCannotReadIsNull() throws {
        let text = #"{"machine":{"metadata":null,"metadataVersion":1,"runnerStateVersion":1}}"#
        let metadata = try JSON.decode(MachineAnswer.self, from: text.utf8).machine.metadata
        #expect(metadata == nil || metadata == .null)
    }

    static let answers: [(String, VersionedUpdateAnswer.Result, Int?, String?)] = [
        (#"{"result":"success","version":2,"metadata":{"host":"vm"}}"#, .success, 2, nil),
        (#"{"result":"version-mismatch","version":8,"metadata":{"host":"vm"}}"#, .mismatch, 8, nil),
        (#"{"result":"version-mismatch","version":1,"metadata":null}"#, .mismatch, 1, nil),
        (#"{"result":"error","reason":"not-found"}"#, .error, nil, "not-found"),
        (#"{"result":"error"}"#, .error, nil, nil),
    ]

    @Test(arguments: answers)
    func anUpdateIsAnsweredInThreeForms(
        text: String, result: VersionedUpdateAnswer.Result, version: Int?, reason: String?
    ) throws {
        let answer = try JSON.decode(VersionedUpdateAnswer.self, from: text.utf8)
        #expect(answer.result == result)
        #expect(answer.version == version)
        #expect(answer.reason == reason)
    }

    @Test func anUpdatesAnswerBringsTheValueThatStands() throws {
        let metadata = #"{"result":"version-mismatch","version":8,"metadata":{"displayName":"my box"}}"#
        let standing = try JSON.decode(VersionedUpdateAnswer.self, from: metadata.utf8)
        #expect(standing.metadata?["displayName"]?.string == "my box")
        let state = #"{"result":"success","version":3,"agentState":{"controlledByUser":false}}"#
        let updated = try JSON.decode(VersionedUpdateAnswer.self, from: state.utf8)
        #expect(updated.agentState?["controlledByUser"]?.bool == false)
    }

    @Test func anAnswerOfAFourthFormIsAnError() {
        #expect(throws: DecodingError.self) {
            try JSON.decode(VersionedUpdateAnswer.self, from: #"{"result":"later"}"#.utf8)
        }
    }
}
