import HubProtocol

/// One conversation between people and an agent, as a pure state machine: what happens goes in with
/// ``handle(_:at:)``, what is to be done comes out. It knows of no process, socket or clock.
package struct Conversation: Sendable {
    package enum AgentStanding: Equatable, Sendable {
        case absent, starting, ready
        /// Its own program has the terminal, and what is said there is only heard; or is being ended, since
        /// somebody elsewhere wants to go on.
        case inTerminal, leavingTerminal
        /// It is being ended, since the terminal wants the conversation back.
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
    /// Messages that wait for their turn.
    var queue: [PersonMessage] = []
    /// Given to the agent, which has not begun with it.
    var given: Given?
    var steering: [Steered] = []
    var cards: [ToolCall] = []
    var passage = PassageBuffer()
    var usage = UsageThrottle()
    var allowed = AllowList()
    var settingsAsked: [SettingsAsked] = []
    /// What was set while the agent was starting, with other settings.
    var settingsToTell: [AgentSetting] = []
    var abortDeadline: Int64?
    /// Starts of the agent in a row that led to nothing.
    var failures = 0
    var firstPrompt: String?
    var isTitled = false
    var isEnding = false
    let hasTerminal: Bool

    /// Tools whose requests were open when an earlier life of the session was killed.
    private var leftOpen: [String]
    /// Messages that an earlier life of the session gave to its agent.
    var givenBefore: Set<String>

    /// - Parameters:
    ///   - requests: what was decided in an earlier life of the session.
    ///   - leftOpen: the cards that it has left open, to be closed.
    ///   - givenBefore: the keys of the messages that it gave to its agent. One that the hub sends again was
    ///     not acknowledged, and is not given twice.
    ///   - hasTerminal: whether it begins with the agent's own program in a terminal.
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

    /// Whether the web app is to show the session as working.
    package var isThinking: Bool { turn != nil || given != nil }

    /// When to call with ``ConversationEvent/woke``, by ``Moment/uptime``; nil if nothing is pending.
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

/// The actions of one step.
struct ActionList {
    private(set) var list: [ConversationAction] = []
    mutating func add(_ action: ConversationAction) { list.append(action) }
    mutating func say(_ utterance: Utterance) { list.append(.say(utterance)) }
}
