import HubProtocol
import SocketIO

extension HubSession {
    /// Handles the hub's messages and calls until the connection is lost.
    func listen(on line: SocketIOConnection) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            var inProgress = 0
            for await event in line.events {
                switch event.name {
                case HubEvent.update: try await updated(event, on: line)
                case HubEvent.rpcRequest:
                    if inProgress == Self.callLimit {
                        try await group.next()
                        inProgress -= 1
                    }
                    group.addTask { await self.answer(event, on: line) }
                    inProgress += 1
                default: break
                }
            }
            throw await line.closed()
        }
    }

    /// Calls handled at once. At the limit, no further event of the hub is read, updates included.
    private static let callLimit = 16

    private func updated(_ event: SocketIOEvent, on line: SocketIOConnection) async throws {
        let update: SessionUpdate
        do {
            update = try event.argument(0, as: SessionUpdate.self)
        } catch {
            logger.warning("an update of the hub cannot be read", metadata: ["error": "\(error)"])
            return
        }
        switch update.body.t {
        case "new-message":
            if let row = update.body.message { _ = await receive(row) }
        case "cancel-queued-message":
            let key = update.body.localId ?? update.body.messageId ?? ""
            // The hub waits only half a second for this answer.
            try await line.acknowledge(event, await calls?.cancel(key) ?? .object([:]))
        case "retry-queued-message":
            var known = false
            if let row = update.body.message { known = await receive(row) }
            try await line.acknowledge(
                event, JSONValue.object(["removed": false, "accepted": .bool(known)]))
        case "update-session":
            if let changed = update.body.metadata { adopt(changed) }
        default: break
        }
    }

    /// Passes on a person's message. Returns whether the row is a person's message.
    func receive(_ row: SessionMessageRow) async -> Bool {
        let isPersons =
            row.content["role"]?.string == "user" && row.content["meta"]?["sentFrom"]?.string != "cli"
        guard let message = inbox.take(row, uploads: calls?.uploads ?? "/nowhere") else { return isPersons }
        await calls?.receive(message)
        return isPersons
    }

    /// Adopts metadata changes made by others.
    private func adopt(_ changed: SessionUpdate.Versioned) {
        guard changed.version > metadataVersion else { return }
        metadataVersion = changed.version
        metadata = changed.value ?? metadata
    }

    private func answer(_ event: SocketIOEvent, on line: SocketIOConnection) async {
        do {
            let request = try event.argument(0, as: RPCRequest.self)
            let answer = await calls?.answer(request.name, request.params) ?? ["error": "Method not found"]
            try await line.acknowledge(event, JSON.text(answer))
            if request.name == "killSession" || request.name == "handoff-local" {
                await calls?.endAfterAnswer(request.name)
            }
        } catch {
            logger.warning("a hub call got no answer", metadata: ["error": "\(error)"])
        }
    }
}
