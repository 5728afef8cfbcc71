import Home
import HubProtocol
import Processes
import Testing
import UnitTestSupport

@testable import Runner
@testable import RunnerStore

/// What a spawn's transaction records, and what prevents it.
@Suite final class SpawnRecordingTests: FolderTests {
    private func store() throws -> Writing {
        Writing(try StoreConnection(path: home.store, mode: .create))
    }

    private func addRunner(_ store: Writing) throws -> Int64 {
        try store.beginRunner(
            RunnerRecord(
                process: ProcessTable.current, host: .current, version: "0.1.0", programModifiedAt: nil,
                hubURL: nil, hubState: .disabled, machineID: nil, logPath: "/l", startedAt: .now))
    }

    private func session(_ id: String, _ runner: Int64, asked: String? = nil, host: HostIdentity = .current)
        -> SessionRecord
    {
        SessionRecord(
            id: id, runnerID: runner, origin: .runner, agent: "claude", directory: "/work/web",
            requestedSessionID: asked, createdAt: .now,
            launch: LaunchRecord(phase: .requested, host: host))
    }

    private func request(_ id: String, name: String? = nil) -> SpawnRequest {
        var parameters = SpawnParameters(directory: "/work/web")
        parameters.name = name
        return SpawnRequest(id: id, source: .http, parameters: parameters)
    }

    @Test func aNewSessionIsRecordedWithItsRequestAndAName() throws {
        let store = try store()
        let runner = try addRunner(store)
        let first = try store.record(request("q1"), for: session("s1", runner), .existing, by: runner)
        let second = try store.record(
            request("q2"), for: session("s2", runner), .create(by: "ada"), by: runner)
        guard case .new(let one, _) = first, case .new(let two, .create) = second else {
            Issue.record("\(first), \(second)")
            return
        }
        #expect(one.name == "web" && two.name != "web" && two.name?.hasPrefix("web") == true)
        #expect(try store.spawnRequest(ofSession: "s1")?.outcome == .pending)
        #expect(try store.session("s2")?.name == two.name)
    }

    @Test func aNameThatALiveSessionHasIsRefusedAndNothingIsRecorded() throws {
        let store = try store()
        let runner = try addRunner(store)
        _ = try store.record(request("q1", name: "fix"), for: session("s1", runner), .existing, by: runner)
        let outcome = try store.record(
            request("q2", name: "fix"), for: session("s2", runner), .existing, by: runner)
        guard case .named("fix") = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try store.session("s2") == nil && store.spawnRequest("q2") == nil)
    }

    @Test func aSessionWithALiveOwnerIsAnsweredByIt() throws {
        let store = try store()
        let runner = try addRunner(store)
        _ = try store.record(request("q1"), for: session("s1", runner, asked: "h"), .existing, by: runner)
        let outcome = try store.record(
            request("q2"), for: session("s2", runner, asked: "h"), .existing, by: runner)
        guard case .owned(let owner) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try owner.id == "s1" && store.spawnRequest("q2")?.sessionID == "s1")
    }

    @Test func anOwnerElsewhereIsNotTouched() throws {
        let store = try store()
        let runner = try addRunner(store)
        try store.insertSession(session("s1", runner, asked: "h", host: .elsewhere))
        let outcome = try store.record(
            request("q2"), for: session("s2", runner, asked: "h"), .existing, by: runner)
        guard case .elsewhere(let owner) = outcome else {
            Issue.record("\(outcome)")
            return
        }
        #expect(try owner.id == "s1" && store.spawnRequest("q2") == nil)
    }
}
