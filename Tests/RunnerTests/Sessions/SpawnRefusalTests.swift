import Glibc
import HubProtocol
import Logging
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner
@testable import RunnerStore

/// Requests that start nothing: each is recorded with its answer.
@Suite final class SpawnRefusalTests: FolderTests {
    private func supervisor() async throws -> SessionSupervisor {
        try makeDirectory("work")
        try write("", to: "work/file")
        try link("work/out", to: "/etc")
        let store = try Store(path: home.store)
        let runnerID = try await store.write { connection throws(StoreError) in
            try connection.beginRunner(
                RunnerRecord(
                    process: ProcessTable.current, host: .current, version: "0.1.0", programModifiedAt: nil,
                    hubURL: nil, hubState: .disabled, machineID: nil, logPath: "/l", startedAt: .now))
        }
        let configuration = try Configuration(environment: [:], home: home, settings: Settings([:]))
        return SessionSupervisor(
            store: store, runnerID: runnerID, configuration: configuration,
            roots: try WorkspaceRoots(["\(folder)/work"]), directoryPolicy: .allow, searchPath: OneShot(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    private func record(_ id: String) throws -> SpawnRequestRecord? {
        try Reading(try StoreConnection(path: home.store, mode: .readOnly)).spawnRequest(id)
    }

    struct Refused: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let reason: String
        let change: @Sendable (inout SpawnParameters, String) -> Void
    }

    static let refused = [
        Refused(testDescription: "no directory", reason: "Directory is required") { parameters, _ in
            parameters.directory = ""
        },
        Refused(
            testDescription: "a relative directory",
            reason: "cannot use work as a directory: an absolute path is needed"
        ) { parameters, _ in parameters.directory = "work" },
        Refused(
            testDescription: "outside the roots",
            reason: "Directory is outside this machine's workspace roots"
        ) { $0.directory = "\($1)/elsewhere" },
        Refused(
            testDescription: "a link out of the roots",
            reason: "Directory is outside this machine's workspace roots"
        ) { $0.directory = "\($1)/work/out" },
        Refused(testDescription: "gemini", reason: Agent.geminiRefusal) { parameters, _ in
            parameters.agent = "gemini"
        },
        Refused(testDescription: "a NUL", reason: "a NUL character cannot be passed on to a session") {
            parameters, _ in parameters.model = "m\0LD_PRELOAD=/evil.so"
        },
    ]

    @Test(arguments: refused)
    func aRequestThatCannotBeGrantedIsRefusedWithItsReason(case one: Refused) async throws {
        let supervisor = try await supervisor()
        var parameters = SpawnParameters(directory: "\(folder)/work")
        one.change(&parameters, folder)
        let answer = await supervisor.spawn(SpawnRequest(id: "q", source: .hub, parameters: parameters))
        #expect(answer == .refused(one.reason))
        let record = try #require(try record("q"))
        #expect(record.outcome == .refused && record.error == one.reason && record.sessionID == nil)
    }

    static let long = String(repeating: "x", count: 1 << 20)

    @Test(arguments: ["/" + long, long, "/w" + long, "/odd/" + String(repeating: "é", count: 4000)])
    func ofADirectoryNoPathCanNameNoMoreIsKeptThanAPathHolds(directory: String) async throws {
        let supervisor = try await supervisor()
        let parameters = SpawnParameters(directory: directory)
        _ = await supervisor.spawn(SpawnRequest(id: "q", source: .hub, parameters: parameters))
        let record = try #require(try record("q"))
        #expect(record.outcome == .refused && directory.hasPrefix(record.directory))
        #expect(record.directory.utf8.count <= Int(PATH_MAX))
        #expect(try #require(record.error).utf8.count < 256)
    }

    @Test func aRequestWithAnIdBeyondAllBoundsIsNotKept() async throws {
        let supervisor = try await supervisor()
        let id = String(repeating: "i", count: 257)
        let parameters = SpawnParameters(directory: "\(folder)/elsewhere")
        let answer = await supervisor.spawn(SpawnRequest(id: id, source: .http, parameters: parameters))
        #expect(answer == .refused("the request's id is longer than 256 bytes"))
        #expect(try record(id) == nil)
    }

    @Test(arguments: [\SpawnParameters.existingSessionId, \.sessionId, \.resumeSessionId] as [Text])
    func aSessionIdBeyondAllBoundsIsRefused(path: Text) async throws {
        let supervisor = try await supervisor()
        var parameters = SpawnParameters(directory: "\(folder)/work")
        parameters[keyPath: path] = String(repeating: "i", count: 257)
        let answer = await supervisor.spawn(SpawnRequest(id: "q", source: .http, parameters: parameters))
        #expect(answer == .refused("a session's id is longer than 256 bytes"))
    }

    @Test func aFileInTheWayIsRefused() async throws {
        let supervisor = try await supervisor()
        let parameters = SpawnParameters(directory: "\(folder)/work/file")
        let answer = await supervisor.spawn(SpawnRequest(id: "q", source: .http, parameters: parameters))
        guard case .refused(let reason) = answer else { throw Refusal("\(answer)") }
        #expect(reason.hasSuffix("work/file as a directory: a file is in the way"))
    }

    @Test func aDirectoryThatNobodyApprovedIsAskedFor() async throws {
        let supervisor = try await supervisor()
        var parameters = SpawnParameters(directory: "\(folder)/work/new")
        parameters.approvedNewDirectoryCreation = false
        let answer = await supervisor.spawn(SpawnRequest(id: "q", source: .cli, parameters: parameters))
        #expect(answer == .needsApproval(directory: resolvedPath(folder) + "/work/new"))
        #expect(try record("q")?.outcome == .needsApproval)
        #expect(!isDirectory("\(folder)/work/new"))
        let store = Reading(try StoreConnection(path: home.store, mode: .readOnly))
        #expect(try store.sessions(.oldestFirst, limit: .max).sessions.isEmpty)
    }

    @Test func aRepeatedRequestGetsTheFirstAnswer() async throws {
        let supervisor = try await supervisor()
        var parameters = SpawnParameters(directory: "\(folder)/elsewhere")
        let first = await supervisor.spawn(SpawnRequest(id: "q", source: .hub, parameters: parameters))
        parameters.directory = ""
        #expect(await supervisor.spawn(SpawnRequest(id: "q", source: .hub, parameters: parameters)) == first)
    }

    typealias Text = WritableKeyPath<SpawnParameters, String?> & Sendable

    static let texts: [Text] = [
        \.agent, \.model, \.effort, \.modelReasoningEffort, \.serviceTier, \.collaborationMode,
        \.copilotAgentMode, \.permissionMode, \.sessionType, \.worktreeName, \.resumeSessionId,
        \.existingSessionId, \.sessionId, \.startingMode, \.token, \.name, \.memory, \.timeout,
    ]

    @Test(arguments: texts)
    func aNULIsFoundInEveryText(path: Text) {
        var parameters = SpawnParameters(directory: "/work")
        parameters[keyPath: path] = "fine"
        #expect(!parameters.holdsNUL)
        parameters[keyPath: path] = "not\0fine"
        #expect(parameters.holdsNUL)
    }

    @Test func everyTextIsLookedAt() {
        let texts = Mirror(reflecting: SpawnParameters(directory: "/")).children.filter {
            type(of: $0.value) == String?.self || type(of: $0.value) == String.self
        }
        #expect(texts.count == Self.texts.count + 1)
        #expect(SpawnParameters(directory: "\0").holdsNUL)
    }
}
