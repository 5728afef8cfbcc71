import Glibc
import HTTPTypes
import Home
import HubClient
import HubProtocol
import Hummingbird
import Monitor
import Processes
import RunnerStore

/// The control server's five endpoints: each translates, the supervisor decides.
struct ControlRoutes {
    static let maximumBody = 1 << 20

    let supervisor: SessionSupervisor
    let stopRequests: StopRequests

    var responder: some HTTPResponder<ControlContext> {
        let router = Router(context: ControlContext.self)
        router.middlewares.add(ControlAdmission())
        router.post("session-started", use: sessionStarted)
        router.post("list", use: list)
        router.post("stop-session", use: stopSession)
        router.post("spawn-session", use: spawnSession)
        router.post("stop", use: stop)
        return router.buildResponder()
    }

    @Sendable private func sessionStarted(_ request: Request, _ context: ControlContext) async throws
        -> Response
    {
        let message = try await read(ControlMessages.SessionStarted.self, request)
        guard !message.sessionId.isEmpty else { throw HTTPError(.badRequest, message: "sessionId: empty") }
        if let excess = message.excess { throw HTTPError(.badRequest, message: "\(excess): too long") }
        let tree = ProcessTree.now()
        let lineage = tree.lineage(of: message.metadata.hostPid)
        // Everything descends from init, and all that a runner starts from the runner: neither they nor
        // what stands between is a session, and stopping one would end them all.
        guard let speaker = lineage.first, !tree.lineage(of: getpid()).contains(speaker),
            let owner = context.owner,
            ([speaker] + tree.descendants(of: [speaker]) { _ in false })
                .contains(where: { ProcessTable.socketInodes(of: $0.pid).contains(owner.inode) })
        else {
            throw HTTPError(
                .forbidden,
                message: "the connecting socket does not belong to process \(message.metadata.hostPid)")
        }
        let report = SessionReport(
            happySessionID: message.sessionId, lineage: lineage,
            launchID: ProcessTable.environmentValue("HAPI_RUNNER_LAUNCH_ID", of: speaker.pid),
            directory: message.metadata.path ?? "/", agent: message.metadata.flavor ?? Agent.claude.rawValue,
            isFromTerminal: message.metadata.startedBy == "terminal")
        if let refused = try await supervisor.report(report) { throw HTTPError(.conflict, message: refused) }
        return try .json(ControlMessages.Status(status: "ok"))
    }

    @Sendable private func list(_ request: Request, _ context: ControlContext) async throws -> Response {
        let children = await supervisor.reportedSessions().map { session in
            ControlMessages.SessionList.Child(
                startedBy: session.origin.wireName, happySessionId: session.happySessionID, pid: session.pid)
        }
        return try .json(ControlMessages.SessionList(children: children))
    }

    @Sendable private func stopSession(_ request: Request, _ context: ControlContext) async throws -> Response
    {
        let message = try await read(ControlMessages.StopSession.self, request)
        let answer = await supervisor.stop(message.sessionId, by: request.source)
        return try .json(
            ControlMessages.StopSessionAnswer(success: answer != .stillAlive, status: answer.rawValue))
    }

    @Sendable private func spawnSession(_ request: Request, _ context: ControlContext) async throws
        -> Response
    {
        let message = try await read(ControlMessages.SpawnSession.self, request)
        let spawn = SpawnRequest(
            id: message.requestId, source: request.source, parameters: message.parameters)
        switch await supervisor.spawn(spawn) {
        case .started(let id):
            return try .json(
                ControlMessages.SpawnAnswerBody(
                    success: true, sessionId: id, approvedNewDirectoryCreation: true))
        case .needsApproval(let directory):
            return try .json(
                ControlMessages.SpawnAnswerBody(
                    success: false, requiresUserApproval: true, actionRequired: "CREATE_DIRECTORY",
                    directory: directory),
                status: .conflict)
        case .late(let error), .refused(let error), .failed(let error):
            return try .json(
                ControlMessages.SpawnAnswerBody(success: false, error: error), status: .internalServerError)
        }
    }

    @Sendable private func stop(_ request: Request, _ context: ControlContext) async throws -> Response {
        let body = try await request.body.collect(upTo: Self.maximumBody)
        // Any body, or none, is a stop: HAPI's own programs send an empty object.
        let message = try? JSON.decode(ControlMessages.Stop.self, from: body.readableBytesView)
        let isReplaced = message?.reason == RunnerEndReason.replaced.rawValue
        stopRequests.request(.end(isReplaced ? .replaced : .cli))
        return try .json(ControlMessages.Status(status: "stopping"))
    }

    private func read<T: Decodable>(_ type: T.Type, _ request: Request) async throws -> T {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: Self.maximumBody)
        } catch let error as any HTTPResponseError {
            throw error
        } catch {
            // Chunks that are none, say: what came is the matter, not this side.
            throw HTTPError(.badRequest, message: "the body cannot be read: \(error)")
        }
        do {
            return try JSON.decode(type, from: body.readableBytesView)
        } catch let error as DecodingError {
            throw HTTPError(.badRequest, message: error.explanation)
        }
    }
}

extension Request {
    fileprivate var source: RequestSource {
        headers[.userAgent]?.hasPrefix(ControlMessages.commandAgent) == true ? .cli : .http
    }
}

extension Response {
    static func json(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let bytes = ByteBuffer(bytes: try JSON.encode(value))
        return Response(
            status: status,
            headers: [.contentType: "application/json", .contentLength: "\(bytes.readableBytes)"],
            body: .init(byteBuffer: bytes))
    }

    static func failure(_ status: HTTPResponse.Status, _ message: String) -> Response {
        // Nothing in this message can fail to be encoded.
        (try? json(ControlMessages.Failure(error: message), status: status)) ?? Response(status: status)
    }
}

extension SessionOrigin {
    /// HAPI's words for who started a session.
    package var wireName: String {
        switch self {
        case .runner: "runner"
        case .terminal: "hapi directly - likely by user from terminal"
        }
    }
}
