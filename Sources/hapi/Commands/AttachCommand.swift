import ArgumentParser
import Glibc
import Home
import HubProtocol
import Processes
import RunnerStore
import SessionProcess

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Take part in a session's conversation from this terminal.",
        discussion: """
            Shows the conversation so far and as it goes. What you type is sent with Enter; a decision is one \
            key; Ctrl-C stops the turn; Ctrl-D leaves, and the session goes on. Several may be attached at \
            once, and the hub beside them.

            EXAMPLES
              hapi attach fix-login
              hapi attach 987f738a
            """)

    @Argument(help: SessionLookup.help) var id: String

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        let session = try SessionLookup.session(id, in: home)
        var attachment = Attachment(try LocalClient.of(session, home))
        switch attachment.run() {
        case .detached: Output.line("-- left; the session goes on. Back with: hapi attach \(id.visible)")
        case .sessionEnded:
            Output.line("-- the session has ended")
            throw ExitCode(try await status(of: session.id, home))
        }
    }

    /// As the session ended; 1 where that is not known within a moment.
    private func status(of id: String, _ home: RunnerHome) async throws -> Int32 {
        for _ in 0..<30 {
            let exit = try StoreConnection.lookingAt(home) { store throws(StoreError) in
                try store.session(id)?.exit
            }
            switch (exit ?? nil)?.reason {
            case .exited(let code): return code
            case .signaled(let signal): return 128 + signal
            case .launchFailed, .vanished: return ExitStatus.failed
            case nil: try await Task.sleep(for: .milliseconds(100))
            }
        }
        return ExitStatus.failed
    }
}

struct SendCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "send", abstract: "Send a message to a session.",
        discussion: """
            EXAMPLES
              hapi send fix-login "run the tests again"
              git diff | hapi send fix-login -
            """)

    @Argument(help: SessionLookup.help) var id: String
    @Argument(help: "The message; - reads it from standard input.") var text: [String]

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        var client = try LocalClient.of(try SessionLookup.session(id, in: home), home)
        let words = text == ["-"] ? Self.input() : text.joined(separator: " ")
        try client.order(["type": .string("prompt"), "text": .string(words)])
    }

    private static func input() -> String {
        var text = ""
        while let line = readLine(strippingNewline: false) { text += line }
        return text
    }
}

struct ApproveToolCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve-tool", abstract: "Answer what a session asks leave for.",
        discussion: """
            Without --request, the oldest open request of the session.

            EXAMPLES
              hapi runner approve-tool fix-login
              hapi runner approve-tool fix-login --deny
            """)

    @Argument(help: SessionLookup.help) var id: String
    @Flag(help: "Refuse it.") var deny = false
    @Flag(help: "Allow it for the rest of the session.") var forSession = false
    @Option(help: "Which one, if several are open.") var request: String?

    func validate() throws {
        guard !(deny && forSession) else {
            throw ValidationError("--deny and --for-session exclude each other")
        }
    }

    func run() async throws {
        let home = try RunnerHome.fromEnvironment()
        var client = try LocalClient.of(try SessionLookup.session(id, in: home), home)
        var open: [OpenRequest] = []
        _ = client.wait { (line: JSONValue) -> Bool? in
            if line["type"]?.string == "requests" { open = OpenRequest.all(in: line) }
            return line["type"]?.string == "now" ? true : nil
        }
        guard let asked = request.map({ wanted in open.first { $0.id == wanted } }) ?? open.first else {
            Output.complain("\(id) asks for nothing\(request.map { " of the id \($0)" } ?? "") now")
            throw ExitCode(ExitStatus.failed)
        }
        guard asked.questions.isEmpty || deny else {
            Output.complain("\(id) asks a question", hint: "hapi attach \(id)")
            throw ExitCode(ExitStatus.failed)
        }
        let word = deny ? "denied" : forSession ? "approved_for_session" : "approved"
        var order = asked.decision(approved: !deny, word).object ?? [:]
        order["type"] = .string("permission")
        try client.order(order)
        Output.line("\(deny ? "Refused" : "Allowed"): \(asked.line)")
    }
}

extension LocalClient {
    /// The socket of a session that is alive.
    static func of(_ session: SessionRecord, _ home: RunnerHome) throws -> LocalClient {
        do {
            return try LocalClient(home, recordID: session.id)
        } catch {
            let view = SessionView(session)
            guard view.state == .ended else {
                Output.complain(
                    "\(session.id) cannot be talked to from here (\(error)): its program is not this one, or it is in a terminal of its own"
                )
                throw ExitCode(ExitStatus.failed)
            }
            Output.complain("\(session.id) has ended", hint: "hapi runner resume \(session.id)")
            throw ExitCode(ExitStatus.failed)
        }
    }

    /// Sends an order and waits until it is taken.
    mutating func order(_ members: [String: JSONValue]) throws {
        send(.object(members))
        let answer = wait { $0["type"]?.string == "answer" ? $0 : nil }
        if answer?["ok"]?.bool == true { return }
        Output.complain(answer?["error"]?.string ?? "the session ended before it took this")
        throw ExitCode(ExitStatus.failed)
    }
}
