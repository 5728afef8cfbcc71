import HubProtocol
import Synchronization

/// What the hub is to know about the session. The conversation writes it without waiting; the connection,
/// which may be down, reads it.
final class HubNews: Sendable {
    struct Status: Equatable, Sendable {
        var isThinking = false
        var permissionMode: String?
        var model: String?
        var effort: String?
        /// `local` or `remote`.
        var mode: String
    }

    private struct State {
        var outbox = Outbox()
        var requests: RequestBook
        var status: Status
        var metadata: [String: JSONValue] = [:]
        var title: String?
        var models: [AgentOption] = []
        var efforts: [AgentOption] = []
        var commands: [SlashCommand] = []
        var skills: [String] = []
    }

    private let state: Mutex<State>
    /// Rings when the outbox is not empty.
    let mail = Bell()
    let statusChanged = Bell()
    let metadataChanged = Bell()

    private let hasHub: Bool

    /// - Parameter hasHub: if false, nothing is put into the outbox.
    init(_ status: Status, requests: RequestBook, hasHub: Bool) {
        self.hasHub = hasHub
        state = Mutex(State(requests: requests, status: status))
    }

    // MARK: For the conversation

    func put(_ content: Outbox.Content, snapshot: String? = nil, isDroppable: Bool = false, bytes: Int = 64) {
        guard hasHub else { return }
        state.withLock { $0.outbox.put(content, snapshot: snapshot, isDroppable: isDroppable, bytes: bytes) }
        mail.ring()
    }

    func publish(_ requests: RequestBook) {
        state.withLock { $0.requests = requests }
        put(.requests)
    }

    func publish(_ status: Status) {
        let differs = state.withLock { state in
            defer { state.status = status }
            return state.status != status
        }
        if differs { statusChanged.ring() }
    }

    func change(metadata key: String, to value: JSONValue) {
        state.withLock { $0.metadata[key] = value }
        metadataChanged.ring()
    }

    /// Sets the title at the hub, unless a person or the agent has set one.
    func propose(title: String) {
        state.withLock { $0.title = title }
        metadataChanged.ring()
    }

    func offer(_ offer: AgentOffer) {
        state.withLock { state in
            switch offer {
            case .modes: break
            case .models(let models): state.models = models
            case .efforts(let efforts): state.efforts = efforts
            case .commands(let commands): state.commands = commands
            case .skills(let skills): state.skills = skills
            }
        }
        if case .commands(let commands) = offer {
            change(metadata: "slashCommands", to: .array(commands.map { .string($0.name) }))
        }
    }

    // MARK: For the connection

    var requests: RequestBook { state.withLock(\.requests) }
    var status: Status { state.withLock(\.status) }
    var commands: [SlashCommand] { state.withLock(\.commands) }
    var skills: [String] { state.withLock(\.skills) }
    var models: [AgentOption] { state.withLock(\.models) }
    var efforts: [AgentOption] { state.withLock(\.efforts) }
    var isMailWaiting: Bool { state.withLock { !$0.outbox.isEmpty } }
    var hasUnconfirmed: Bool { state.withLock { $0.outbox.hasUnconfirmed } }

    func take(_ limit: Int) -> (items: [Outbox.Item], dropped: Int) {
        state.withLock { ($0.outbox.take(limit), $0.outbox.takeDropped()) }
    }

    func confirm(upTo number: Int) { state.withLock { $0.outbox.confirm(upTo: number) } }

    func reconnected(known: [JSONValue]) {
        state.withLock { $0.outbox.reconnected(known: known) }
        mail.ring()
    }

    func takeMetadata() -> (changes: [String: JSONValue], title: String?) {
        state.withLock { state in
            defer {
                state.metadata = [:]
                state.title = nil
            }
            return (state.metadata, state.title)
        }
    }

    /// Puts back changes that did not reach the hub. Newer changes take precedence.
    func giveBack(_ changes: [String: JSONValue], title: String?) {
        state.withLock { state in
            state.metadata.merge(changes) { newer, _ in newer }
            state.title = state.title ?? title
        }
        metadataChanged.ring()
    }
}
