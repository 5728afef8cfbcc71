import Glibc
import Home
import HubProtocol
import Logging
import NIOCore
import NIOHTTP1
import Processes
import RunnerStore

/// The control server's five endpoints. Each translates between HTTP and the session supervisor, which
/// decides.
struct ControlRoutes: Sendable {

    let supervisor: SessionSupervisor
    let stopRequests: StopRequests

    func reply(to request: ControlRequest, _ logger: Logger) async -> ControlReply {
        do {
            return try await reply(to: request)
        } catch let refusal as ControlRefusal {
            return refusal.reply
        } catch {
            logger.error(
                "a control request failed",
                metadata: ["path": "\(request.endpoint.rawValue)", "error": "\(error)"])
            return .failure(.internalServerError, "\(error)")
        }
    }

    private func reply(to request: ControlRequest) async throws -> ControlReply {
        switch request.endpoint {
        case .sessionStarted: try await sessionStarted(request)
        case .list: .list(await supervisor.reportedSessions())
        case .stopSession: try await stopSession(request)
        case .spawnSession: try await spawnSession(request)
        case .stop: try await stop(request)
        }
    }

    private func sessionStarted(_ request: ControlRequest) async throws -> ControlReply {
        let message = try request.read(ControlMessages.SessionStarted.self)
        guard !message.sessionId.isEmpty else { throw ControlRefusal(.badRequest, "sessionId: empty") }
        if let problem = message.problem { throw ControlRefusal(.badRequest, problem) }
        guard let lineage = Speaker.lineage(of: message.metadata.hostPid, holding: request.owner),
            let speaker = lineage.first
        else {
            throw ControlRefusal(
                .forbidden,
                "the connecting socket does not belong to process \(message.metadata.hostPid)")
        }
        let report = SessionReport(
            happySessionID: message.sessionId, lineage: lineage,
            launchID: ProcessTable.environmentValue(.launchID, of: speaker.pid),
            directory: message.metadata.path ?? "/", agent: message.metadata.flavor ?? Agent.claude.rawValue,
            isFromTerminal: message.metadata.startedBy == "terminal")
        if let refused = try await supervisor.report(report) { throw ControlRefusal(.conflict, refused) }
        return try .json(ControlMessages.Status(status: "ok"))
    }

    private func stopSession(_ request: ControlRequest) async throws -> ControlReply {
        let message = try request.read(ControlMessages.StopSession.self)
        let answer = await supervisor.stop(message.sessionId, by: request.source)
        return try .json(
            ControlMessages.StopSessionAnswer(success: answer != .stillAlive, status: answer.rawValue))
    }

    private func spawnSession(_ request: ControlRequest) async throws -> ControlReply {
        let message = try request.read(ControlMessages.SpawnSession.self)
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
                .conflict)
        case .late(let error), .refused(let error), .failed(let error):
            return try .json(
                ControlMessages.SpawnAnswerBody(success: false, error: error), .internalServerError)
        }
    }

    private func stop(_ request: ControlRequest) async throws -> ControlReply {
        // The body does not matter: HAPI's own programs send an empty object.
        let message = try? request.read(ControlMessages.Stop.self)
        let asker = message?.reason == nil ? await BlockingWork.run { Speaker.words(of: request.owner) } : nil
        stopRequests.request(.end(RunnerEndReason(stated: message?.reason, asker: asker ?? [])))
        return try .json(ControlMessages.Status(status: "stopping"))
    }
}

extension ControlRequest {
    fileprivate var source: RequestSource {
        headers.first(name: "user-agent")?.hasPrefix(ControlMessages.commandAgent) == true ? .cli : .http
    }

    fileprivate func read<T: Decodable>(_ type: T.Type) throws -> T {
        do {
            return try JSON.decode(type, from: body.readableBytesView)
        } catch let error as DecodingError {
            throw ControlRefusal(.badRequest, error.explanation)
        }
    }
}
