import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// Answers the hub's machine-scoped calls. Each translates between the hub and the session supervisor, which
/// decides.
struct MachineRPC: Sendable {
    let supervisor: SessionSupervisor
    let roots: WorkspaceRoots
    let stopRequests: StopRequests
    let gate: WorkGate

    /// The answer as JSON text. Refusals are answers too.
    func answer(_ request: RPCRequest) async -> String {
        do {
            guard let method = MachineMethod(rawValue: request.name) else {
                throw Refusal("Method not found")
            }
            return try await answer(method, Array(request.params.utf8))
        } catch {
            let reason = (error as? DecodingError)?.explanation ?? "\(error)"
            return (try? JSON.text(RPCError(error: reason))) ?? "{}"
        }
    }

    private func answer(_ method: MachineMethod, _ params: [UInt8]) async throws -> String {
        switch method {
        case .spawnSession:
            let parameters = try JSON.decode(SpawnParameters.self, from: params)
            return try JSON.text(await asWork { await spawn(parameters) })
        case .stopSession:
            let message = try JSON.decode(MachineRPCMessages.StopSession.self, from: params)
            guard let id = message.sessionId, !id.isEmpty else { throw Refusal("Session ID is required") }
            let answer = try await asWork { await supervisor.stop(id, by: .hub) }
            return try JSON.text(MachineRPCMessages.StopAnswer(status: answer.rawValue))
        case .stopRunner:
            stopRequests.request(.end(.app))
            return try JSON.text(MachineRPCMessages.Message(message: "Runner stop request acknowledged"))
        case .pathExists:
            let message = try JSON.decode(MachineRPCMessages.PathExists.self, from: params)
            return try JSON.text(await looked { existing(message.paths) })
        case .listDirectory:
            let message = try JSON.decode(MachineRPCMessages.ListDirectory.self, from: params)
            let browser = DirectoryBrowser(roots: roots)
            return try JSON.text(
                await looked { browser.list(message.path ?? "", hidden: message.includeHidden == true) })
        case .cursorChatStoreStatus:
            return try JSON.text(MachineRPCMessages.CursorStore.none)
        default:
            return try JSON.text(
                MachineRPCMessages.DirectoryListing(error: "\(method.rawValue) is not offered by this runner")
            )
        }
    }

    /// Runs work that a renewal has to wait for. During a renewal, waits for its end first.
    private func asWork<Answer>(_ body: () async -> Answer) async throws -> Answer {
        guard await gate.enter() else { throw Refusal("the runner is switching to a new program; try again") }
        defer { gate.leave() }
        return await body()
    }

    private func looked<Answer: Sendable>(_ body: @escaping @Sendable () -> Answer) async throws -> Answer {
        guard let answer = await BlockingWork.run(body) else { throw Refusal("the runner is stopping") }
        return answer
    }

    private func spawn(_ parameters: SpawnParameters) async -> MachineRPCMessages.SpawnAnswer {
        switch await supervisor.spawn(SpawnRequest(id: nil, source: .hub, parameters: parameters)) {
        case .started(let id): .success(id)
        case .needsApproval(let directory): .approval(directory)
        case .late(let message), .refused(let message), .failed(let message): .error(message)
        }
    }

    /// Names each path without surrounding white space, as the hub does (hub contract §5), but checks it as
    /// given, as a spawn would.
    private func existing(_ paths: [String]) -> JSONValue {
        let named = paths.map { ($0.trimmingWhitespace, $0) }.filter { !$0.0.isEmpty }
        return MachineRPCMessages.existing(named.reversed().map { ($0, roots.isDirectoryThere($1)) })
    }
}

/// Refuses a call with a reason.
struct Refusal: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
