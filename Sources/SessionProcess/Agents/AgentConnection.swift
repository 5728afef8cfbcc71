import Glibc
import HubProtocol
import Logging
import NIOCore
import NIOPosix
import Processes

/// One process of an agent and the connection to its standard streams: starts the process, runs the dialect,
/// and reports its exit. Makes no decisions.
package actor AgentConnection {
    package struct Program: Sendable {
        package var path: String
        package var arguments: [String]
        package var environment: [String: String]
        package var directory: String

        package init(
            path: String, arguments: [String], environment: [String: String], directory: String
        ) {
            self.path = path
            self.arguments = arguments
            self.environment = environment
            self.directory = directory
        }
    }

    private struct Order: Sendable {
        let command: AgentCommand
        let condition: OneShot<Void>?
    }

    private let program: Program
    private var dialect: any AgentDialect
    private let logger: Logger
    private let heard: @Sendable (AgentEvent) async -> Void
    private let outgoing: AsyncStream<[UInt8]>
    private let output: AsyncStream<[UInt8]>.Continuation
    private let commands: AsyncStream<Order>
    private let told: AsyncStream<Order>.Continuation
    private let closing = OneShot<Duration>()
    private let killing = OneShot<Void>()
    private var alarms: [String: Task<Void, Never>] = [:]
    private var lastWords = LastWords()
    private var verdict: String?

    /// - Parameter heard: handles each event. Nothing more is read until it returns.
    package init(
        _ program: Program, _ dialect: any AgentDialect, logger: Logger,
        heard: @escaping @Sendable (AgentEvent) async -> Void
    ) {
        self.program = program
        self.dialect = dialect
        self.logger = logger
        self.heard = heard
        (outgoing, output) = AsyncStream.makeStream()
        (commands, told) = AsyncStream.makeStream()
    }

    /// Sends a command to the agent. Commands are carried out in the order of the calls.
    ///
    /// - Parameter condition: if given, the command waits until this is set, but for 2 s at most.
    package nonisolated func send(_ command: AgentCommand, after condition: OneShot<Void>? = nil) {
        told.yield(Order(command: command, condition: condition))
    }

    /// Bounded, because the conversation must go on even if the store cannot be written.
    private static let patience = Duration.seconds(2)

    /// Closes the agent's input. If the process does not exit by itself within `grace`, it is ended.
    package nonisolated func close(within grace: Duration) { closing.set(grace) }

    /// Kills the process at once.
    package nonisolated func kill() { killing.set(()) }

    /// Runs the agent until it exits. The last event is ``AgentEvent/exited(_:)``.
    package func run() async {
        do {
            let streams = try AgentStreams()
            let agent = try start(streams)
            let end = await converse(agent, streams)
            let exit = AgentExit(
                status: end.words, lastWords: verdict ?? lastWords.text,
                // A process killed by ``AgentStep/giveUp(_:)`` did not exit by itself.
                code: verdict == nil ? end.status : nil)
            await heard(.exited(exit))
        } catch {
            await heard(.exited(AgentExit(status: nil, lastWords: "\(error)")))
        }
    }

    private func start(_ streams: AgentStreams) throws -> RunningAgent {
        defer { streams.closeTheAgentsEnds() }
        let launch = ProcessLaunch(
            program: program.path, arguments: [program.path] + program.arguments,
            environment: program.environment.map { "\($0.key)=\($0.value)" },
            directory: program.directory, input: .descriptor(streams.input.reading),
            output: .descriptor(streams.output.writing), errors: .descriptor(streams.errors.writing),
            startsSession: false)
        do {
            return RunningAgent(process: LaunchedProcess(pid: try launch.start()))
        } catch {
            streams.closeOurEnds()
            throw error
        }
    }

    private func converse(_ agent: RunningAgent, _ streams: AgentStreams) async -> ChildExit {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.readAndWrite(streams) }
            group.addTask { await self.readErrors(streams) }
            group.addTask { for await order in self.commands { await self.obey(order) } }
            group.addTask { await self.endWhenAsked(agent) }
            await perform(dialect.open())
            let exit = await agent.ended()
            // Its last output is still in the pipe. The wait is bounded, because a child of the agent may
            // hold the pipe open.
            _ = await drained.wait(for: .seconds(1))
            for alarm in alarms.values { alarm.cancel() }
            output.finish()
            told.finish()
            group.cancelAll()
            return exit
        }
    }

    private func endWhenAsked(_ agent: RunningAgent) async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard let grace = await self.closing.wait() else { return }
                self.output.finish()
                // Cancelled when the agent has exited.
                guard (try? await Task.sleep(for: grace)) != nil else { return }
                await agent.end()
            }
            group.addTask {
                guard await self.killing.wait() != nil else { return }
                agent.signal(SIGKILL)
            }
        }
    }

    // MARK: Streams

    private let drained = OneShot<Void>()

    private func readAndWrite(_ streams: AgentStreams) async {
        do {
            let channel = try await streams.open()
            try await channel.executeThenClose { inbound, outbound in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        for await line in self.outgoing { try await outbound.write(ByteBuffer(bytes: line)) }
                        outbound.finish()
                    }
                    var framing = LineFraming()
                    for try await buffer in inbound {
                        for piece in framing.append(buffer.readableBytesView) { await self.take(piece) }
                    }
                    for piece in framing.finish() { await self.take(piece) }
                    self.drained.set(())
                    group.cancelAll()
                }
            }
        } catch {
            logger.info("the agent's streams ended", metadata: ["error": "\(error)"])
        }
        drained.set(())
    }

    private func readErrors(_ streams: AgentStreams) async {
        do {
            let channel = try await streams.openErrors()
            try await channel.executeThenClose { inbound in
                for try await buffer in inbound { self.note(buffer) }
            }
        } catch {
            logger.info("the agent's standard error ended", metadata: ["error": "\(error)"])
        }
    }

    private func note(_ buffer: ByteBuffer) { lastWords.append(buffer.readableBytesView) }

    private func take(_ piece: LineFraming.Piece) async {
        switch piece {
        case .dropped(let bytes):
            logger.warning("a line of the agent is too long", metadata: ["bytes": "\(bytes)"])
            await heard(.noticed(.error("The agent wrote a line of \(bytes) bytes, which was dropped")))
        case .line(let bytes):
            do {
                await perform(dialect.received(try JSONValue(parsing: bytes)))
            } catch {
                // Output that is not JSON is meant for people, like standard error.
                lastWords.append(bytes + [UInt8(ascii: "\n")])
                logger.warning("the agent wrote what is no JSON", metadata: ["bytes": "\(bytes.count)"])
            }
        }
    }

    private func obey(_ order: Order) async {
        _ = await order.condition?.wait(for: Self.patience)
        await perform(dialect.command(order.command))
    }

    private func ring(_ name: String) async {
        alarms[name] = nil
        await perform(dialect.alarmRang(name))
    }

    private func perform(_ steps: [AgentStep]) async {
        for step in steps {
            switch step {
            case .send(let line): send(line)
            case .event(let event): await heard(event)
            case .alarm(let name, let patience):
                alarms[name]?.cancel()
                alarms[name] = Task {
                    // Cancelled when the alarm is no longer needed.
                    guard (try? await Task.sleep(for: patience)) != nil else { return }
                    await self.ring(name)
                }
            case .cancelAlarm(let name): alarms.removeValue(forKey: name)?.cancel()
            case .giveUp(let reason):
                verdict = reason
                kill()
            }
        }
    }

    private func send(_ line: JSONValue) {
        do {
            output.yield(try JSON.encode(line) + [UInt8(ascii: "\n")])
        } catch {
            logger.error("a line to the agent cannot be written", metadata: ["error": "\(error)"])
        }
    }
}

extension ChildExit {
    /// How the process ended, for people.
    fileprivate var words: String {
        switch self {
        case .code(let code): "with status \(code)"
        case .signal(let signal): "by \(signalName(signal))"
        case .unknown: "in a way that is not known"
        }
    }
}

/// The last output that an agent wrote for people.
struct LastWords: Sendable {
    private static let limit = 4 << 10
    private var bytes: [UInt8] = []

    mutating func append(_ more: some Collection<UInt8>) {
        bytes.append(contentsOf: more.suffix(Self.limit))
        if bytes.count > Self.limit { bytes.removeFirst(bytes.count - Self.limit) }
    }

    /// The last 800 bytes as one line, without control characters.
    var text: String {
        let words = String(decoding: bytes.suffix(800), as: UTF8.self)
        let clean = words.unicodeScalars.filter { $0 == "\n" || $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(clean)).split(whereSeparator: \.isWhitespace).joined(
            separator: " ")
    }
}
