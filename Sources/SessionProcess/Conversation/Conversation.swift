import HubProtocol

/// A conversation between people and an agent, as a pure state machine: events go into ``handle(_:at:)``,
/// actions come out. It knows of no process, socket or clock.
package struct Conversation: Sendable {
    package enum AgentStanding: Equatable, Sendable {
        case absent, starting, ready
        /// The agent's own program has the terminal, and is only listened to; or it is being ended because
        /// someone elsewhere wants to continue.
        case inTerminal, leavingTerminal
        /// The agent is being ended because the terminal takes the conversation back.
        case returning
    }

    package struct Turn: Equatable, Sendable {
        package var id: String
        package var isAborting = false
    }

    let row: AgentRow
    let directory: String
    let arguments: [String]
    package internal(set) var mode: String
    package internal(set) var model: String?
    package internal(set) var effort: String?
    package internal(set) var nativeID: String?
    var toldNativeID: String?
    package internal(set) var agent = AgentStanding.absent
    package internal(set) var turn: Turn?
    package internal(set) var requests: RequestBook
    var forks = false
    /// Messages waiting for their turn.
    var queue: [PersonMessage] = []
    /// Given to the agent, which has not begun it yet.
    var given: Given?
    var steering: [Steered] = []
    var cards: [ToolCall] = []
    var passage = PassageBuffer()
    var usage = UsageThrottle()
    var allowed = AllowList()
    var settingsAsked: [SettingsAsked] = []
    /// Settings that changed while the agent was starting with the old ones; sent when it is ready.
    var settingsToTell: [AgentSetting] = []
    var abortDeadline: Int64?
    /// How often in a row the agent ended before it was ready, or before it began the prompt it was given.
    var failures = 0
    var firstPrompt: String?
    var isTitled = false
    var isEnding = false
    let hasTerminal: Bool

    /// Cards whose requests were open when an earlier process of the session was killed.
    private var leftOpen: [String]
    /// Keys of the messages that an earlier process of the session gave to its agent.
    var givenBefore: Set<String>

    /// - Parameters:
    ///   - requests: the requests decided in an earlier process of the session.
    ///   - leftOpen: the cards that process left open; they are closed at the beginning.
    ///   - givenBefore: the keys of the messages that process gave to its agent. A message that the hub sends
    ///     again was not acknowledged; it is not given twice.
    ///   - hasTerminal: whether the conversation begins with the agent's own program in a terminal.
    package init(
        _ row: AgentRow, opening: AgentOpening, requests: RequestBook = RequestBook(),
        leftOpen: [String] = [], givenBefore: Set<String> = [], isTitled: Bool = false,
        hasTerminal: Bool = false
    ) {
        self.hasTerminal = hasTerminal
        self.leftOpen = leftOpen
        self.givenBefore = givenBefore
        self.row = row
        directory = opening.directory
        arguments = opening.arguments
        mode = opening.mode ?? row.modes.first ?? "default"
        model = opening.model
        effort = opening.effort
        nativeID = opening.nativeID
        forks = opening.forks
        self.requests = requests
        self.isTitled = isTitled
    }

    /// Whether the web app shows the session as working.
    package var isThinking: Bool { turn != nil || given != nil }

    /// When to call with ``ConversationEvent/woke``, in ``Moment/uptime``; nil if nothing is pending.
    package var nextWake: Int64? {
        ([passage.due, usage.due, abortDeadline] + settingsAsked.map(\.deadline)).compactMap { $0 }.min()
    }

    private mutating func closeWhatWasLeftOpen(_ actions: inout Actions) {
        for card in leftOpen {
            let result = ToolResult(
                id: card, output: "The session ended before this was decided", isError: true)
            actions.say(.toolClosed(result, decided: requests.completed(card: card)))
        }
        leftOpen = []
    }

    package mutating func handle(_ event: ConversationEvent, at now: Moment) -> [ConversationAction] {
        var actions = Actions()
        switch event {
        case .begin:
            closeWhatWasLeftOpen(&actions)
            if hasTerminal { enterTerminal(&actions) } else if agent == .absent { start(&actions) }
        case .message(let message): receive(message, now, &actions)
        case .cancelMessage(let key, let reply): cancel(key, reply, &actions)
        case .steerMessage(let key, let reply): steer(key, reply, now, &actions)
        case .decision(let card, let decision): decide(card, decision, now, &actions)
        case .abort: abort(now, &actions)
        case .configure(let settings, let reply): configure(settings, reply, now, &actions)
        case .agent(let event): heard(event, now, &actions)
        case .takeOver: takeOver(&actions)
        case .leftTerminal: leftTerminal(now, &actions)
        case .takeBack: takeBack(&actions)
        case .end(let reason): end(reason, now, &actions)
        case .woke: wake(now, &actions)
        }
        return actions.list
    }

    typealias Actions = ActionList

    struct Given: Equatable, Sendable {
        var id: String
        var message: PersonMessage
    }

    struct Steered: Equatable, Sendable {
        var given: Given
        var reply: ReplyTicket?
    }

    struct SettingsAsked: Equatable, Sendable {
        var reply: ReplyTicket
        var all: [AgentSetting]
        var pending: [AgentSetting]
        var deadline: Int64
    }
}

/// The actions that follow from one event.
struct ActionList {
    private(set) var list: [ConversationAction] = []
    mutating func add(_ action: ConversationAction) { list.append(action) }
    mutating func say(_ utterance: Utterance) { list.append(.say(utterance)) }
}
