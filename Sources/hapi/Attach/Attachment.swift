import Glibc
import HubProtocol
import SessionProcess

/// A shell attached to a session's conversation: shows it as plain lines and sends what is typed. One thread,
/// which waits for the session and the keyboard.
struct Attachment: ~Copyable {
    enum End { case detached, sessionEnded }

    private var client: LocalClient
    /// Restores the terminal when released.
    private let terminal: RawTerminal?
    private let inTerminal: Bool
    private var text = ConversationText()
    private var editor = LineEditor()
    private var requests: [OpenRequest] = []
    /// The answers so far to the questions being asked.
    private var typed: [String] = []
    /// Requests decided here, whose disappearance is not reported.
    private var decided: Set<String> = []
    private var isThinking = false
    /// Whether lines are new, not part of the history.
    private var isLive = false
    private var readsInput = true
    private var plainInput: [UInt8] = []

    init(_ client: consuming LocalClient) {
        self.client = client
        inTerminal = RawTerminal.isThere
        terminal = RawTerminal.taken()
    }

    mutating func run() -> End {
        defer { clearPrompt() }
        while true {
            showPrompt()
            var waiting = [
                pollfd(fd: client.descriptor, events: Int16(POLLIN), revents: 0),
                pollfd(fd: readsInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            guard poll(&waiting, 2, -1) > 0 else { continue }
            if waiting[0].revents != 0 {
                guard let lines = client.receive() else { return .sessionEnded }
                for line in lines where take(line) { return .sessionEnded }
            }
            if waiting[1].revents != 0, read() { return .detached }
        }
    }

    // MARK: From the session

    /// Returns true if the session has ended.
    private mutating func take(_ line: JSONValue) -> Bool {
        switch line["type"]?.string {
        case "message":
            let lines = text.lines(of: line["message"] ?? .null)
            show(lines)
        case "requests": asked(OpenRequest.all(in: line))
        case "status":
            isThinking = line["thinking"]?.bool == true
            guard !isThinking else { break }
            let rest = text.flushed()
            show(rest)
        case "now":
            isLive = true
            show(requests.first?.lines ?? [])
        case "answer":
            if let reason = line["error"]?.string { show(["-- not done: \(reason)"]) }
        case "ended": return true
        default: break
        }
        return false
    }

    private mutating func asked(_ now: [OpenRequest]) {
        let before = requests
        requests = now
        guard isLive else { return }
        for gone in before where !now.contains(gone) {
            if decided.remove(gone.id) == nil { show(["-- decided elsewhere, or not asked any more"]) }
        }
        guard let first = now.first, first != before.first else { return }
        typed = []
        let rest = text.flushed()
        show(rest + first.lines)
    }

    // MARK: Input

    /// Returns true if the person detaches.
    private mutating func read() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
        guard count > 0 else {
            // A terminal without input has been closed, which detaches; at the end of a file, the session is
            // still followed.
            readsInput = false
            return inTerminal
        }
        guard inTerminal else {
            takePlain(buffer.prefix(count))
            return false
        }
        let asksKey = requests.first?.questions.isEmpty == true
        for key in editor.type(buffer.prefix(count), asksFirst: asksKey) where press(key) { return true }
        return false
    }

    private mutating func press(_ key: LineEditor.Key) -> Bool {
        switch key {
        case .changed: break
        case .line(let line): enter(line)
        case .first(let character):
            if let request = requests.first, let decision = request.decision(for: character) {
                decide(request, decision)
            } else {
                editor.insert(character)
            }
        case .interrupt: interrupt()
        case .detach: return true
        }
        return false
    }

    /// Without a terminal, each line is a message.
    private mutating func takePlain(_ bytes: some Sequence<UInt8>) {
        plainInput += bytes
        while let end = plainInput.firstIndex(of: UInt8(ascii: "\n")) {
            enter(String(decoding: plainInput[..<end], as: UTF8.self))
            plainInput.removeSubrange(...end)
        }
    }

    private mutating func enter(_ line: String) {
        if let request = requests.first, !request.questions.isEmpty { return answer(request, line) }
        guard !line.isEmpty else { return }
        client.send(.object(["type": .string("prompt"), "text": .string(line)]))
    }

    private mutating func answer(_ request: OpenRequest, _ line: String) {
        typed.append(line)
        show(["> \(line)"])
        guard typed.count >= request.questions.count || line.isEmpty else {
            return show(request.ask(typed.count))
        }
        decide(request, request.answer(typed))
        typed = []
    }

    private mutating func decide(_ request: OpenRequest, _ decision: JSONValue) {
        decided.insert(request.id)
        var order = decision.object ?? [:]
        order["type"] = .string("permission")
        client.send(.object(order))
        if request.questions.isEmpty { show(["-- \(decision["decision"]?.string ?? "decided")"]) }
    }

    private mutating func interrupt() {
        if !editor.text.isEmpty { return editor.clear() }
        guard isThinking || !requests.isEmpty else {
            return show(["-- nothing is running. Ctrl-D leaves; the session goes on"])
        }
        client.send(.object(["type": .string("abort")]))
    }

    // MARK: The screen

    private func show(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        clearPrompt()
        Output.line(lines.joined(separator: "\n"))
    }

    private func clearPrompt() { if inTerminal { Output.raw("\r\u{1b}[K") } }

    private func showPrompt() {
        guard inTerminal, isLive else { return }
        let mark = requests.isEmpty ? (isThinking ? "… " : "> ") : "? "
        let line = String(editor.text.map { $0.isNewline ? "⏎" : $0 }.suffix(RawTerminal.width - 4))
        Output.raw("\r\u{1b}[K\(mark)\(line)")
    }
}
