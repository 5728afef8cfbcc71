import ArgumentParser
import Glibc
import Home
import HubProtocol
import Processes
import RunnerStore
import SessionProcess

struct AttachCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach", abstract: "Join a session's conversation from this terminal.",
        discussion: """
            Shows the conversation so far, and follows it. Enter sends what you typed; a permission takes one \
            key; Ctrl-C stops the turn; Ctrl-D detaches, and the session keeps running. Several terminals \
            and the hub can be attached at the same time.

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
        case .detached:
            Output.line("-- detached; the session keeps running. To come back: hapi attach \(id.visible)")
        case .sessionEnded:
            Output.line("-- the session has ended")
            throw ExitCode(try await status(of: session.id, home))
        }
    }

    /// The exit status of the session; 1 if it is not recorded within three seconds.
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
        commandName: "approve-tool", abstract: "Answer a session's request for permission.",
        discussion: """
            Answers the oldest open request, unless --request names another.

            EXAMPLES
              hapi runner approve-tool fix-login
              hapi runner approve-tool fix-login --deny
            """)

    @Argument(help: SessionLookup.help) var id: String
    @Flag(help: "Deny it.") var deny = false
    @Flag(help: "Allow it for the rest of the session.") var forSession = false
    @Option(help: "Which one, if several are open.") var request: String?

    func validate() throws {
        guard !(deny && forSession) else {
            throw ValidationError("--deny and --for-session cannot be combined")
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
            Output.complain("\(id) has no open request\(request.map { " with the id \($0)" } ?? "")")
            throw ExitCode(ExitStatus.failed)
        }
        guard asked.questions.isEmpty || deny else {
            Output.complain(
                "\(id) asks a question, which needs more than a yes or no", hint: "hapi attach \(id)")
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
    /// Connects to the socket of a live session.
    static func of(_ session: SessionRecord, _ home: RunnerHome) throws -> LocalClient {
        do {
            return try LocalClient(home, recordID: session.id)
        } catch {
            let view = SessionView(session)
            guard view.state == .ended else {
                Output.complain(
                    "\(session.id) cannot be reached for a conversation (\(error)): it runs another program, or in a terminal of its own"
                )
                throw ExitCode(ExitStatus.failed)
            }
            Output.complain("\(session.id) has ended", hint: "hapi runner resume \(session.id)")
            throw ExitCode(ExitStatus.failed)
        }
    }

    /// Sends a command and waits for its acknowledgement.
    mutating func order(_ members: [String: JSONValue]) throws {
        send(.object(members))
        let answer = wait { $0["type"]?.string == "answer" ? $0 : nil }
        if answer?["ok"]?.bool == true { return }
        Output.complain(answer?["error"]?.string ?? "the session ended before it received this")
        throw ExitCode(ExitStatus.failed)
    }
}
