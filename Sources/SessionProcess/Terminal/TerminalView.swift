import Glibc
import HubProtocol
import Processes

/// What a terminal shows while its conversation continues elsewhere: plain lines. A key takes the
/// conversation back.
struct TerminalView: Sendable {
    static let key = UInt8(ascii: "t")

    let name: String
    let shape: MessageShape
    let conversation: LiveConversation
    let terminal: TerminalState

    /// Runs until cancelled.
    func run() async {
        terminal.takeKeys()
        defer { terminal.restore(crashed: false) }
        say(["-- \(name): the conversation goes on elsewhere. Press t to take it back, Ctrl-C to end it."])
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await show() }
            group.addTask { await takeKeys() }
            await group.waitForAll()
        }
    }

    private func show() async {
        var shape = shape
        var text = ConversationText()
        let (_, updates) = await conversation.attach()
        for await watched in updates {
            switch watched {
            case .said(let utterance, let wall):
                if let message = shape.message(utterance, at: wall) { say(text.lines(of: message)) }
            case .requests(let pending):
                say(pending.map { "? \(ToolText.line($0.tool, $0.arguments)) (to be decided elsewhere)" })
            case .status(let isThinking, _):
                if !isThinking { say(text.flushed()) }
            }
        }
    }

    private func takeKeys() async {
        var byte: UInt8 = 0
        while !Task.isCancelled {
            await waitUntilReadable(STDIN_FILENO)
            guard !Task.isCancelled else { return }
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count == 0 || (count < 0 && errno != EINTR && errno != EAGAIN) { return }
            if count == 1, byte | 0x20 == Self.key {
                say(["-- taking it back"])
                await conversation.happen(.takeBack)
            }
        }
    }

    private func say(_ lines: [String]) {
        guard !lines.isEmpty else { return }
        _ = writeAll(STDOUT_FILENO, Array((lines.joined(separator: "\r\n") + "\r\n").utf8))
    }
}
