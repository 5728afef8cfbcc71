import AsyncHTTPClient
import HubProtocol
import NIOCore
import Synchronization
import Testing

/// The stand-in hub: a Socket.IO server that is not ours, which tests can inspect and control.
package final class TestHub: Sendable {
    package let url: String
    package let token = "secret"
    package let port: Int
    private let process: Mutex<ChildProcess?>
    private let arguments: [String]

    /// Runs `body` with a listening hub, and fails the test if the hub received anything that a real one
    /// would fail on.
    package static func with<Result: Sendable>(
        _ arguments: [String] = [], _ body: (TestHub) async throws -> Result
    ) async throws -> Result {
        let hub = try await TestHub(arguments)
        return try await hub.ended {
            let result = try await body(hub)
            if hub.isUp { #expect(try await hub.state()["protocolErrors"] == []) }
            return result
        }
    }

    private init(_ arguments: [String]) async throws {
        let (process, port) = try await Self.start(arguments)
        self.port = port
        self.arguments = arguments
        self.process = Mutex(process)
        url = (arguments.contains("--tls-cert") ? "https" : "http") + "://127.0.0.1:\(port)"
    }

    private func ended<Result>(_ body: () async throws -> Result) async throws -> Result {
        do {
            let result = try await body()
            try await stop()
            return result
        } catch {
            try await stop()
            throw error
        }
    }

    private static func start(_ arguments: [String]) async throws -> (ChildProcess, Int) {
        let command = [
            Paths.python, Paths.root + "/Tests/Hub/hub.py", "--token", "secret", "--exit-with-stdin",
        ]
        let process = try ChildProcess(
            command + arguments, environment: ["PATH": Paths.searchPath], input: .held)
        let greeting = try await process.firstLine()
        let port = greeting.split(separator: " ").last.flatMap { Int($0) }
        return (process, try #require(port, "\(greeting)"))
    }

    // MARK: Starting and stopping

    private var isUp: Bool { process.withLock { $0 != nil } }

    /// Ends the hub. Its rows are kept only if it was started with `--data`.
    package func stop() async throws {
        let process = process.withLock { process in
            defer { process = nil }
            return process
        }
        process?.closeInput()
        _ = try await process?.ended(within: .seconds(5))
    }

    /// Starts the hub again on the same port.
    package func startAgain() async throws {
        let (process, _) = try await Self.start(arguments + ["--port", "\(port)"])
        self.process.withLock { $0 = process }
    }

    // MARK: Inspecting

    package func state() async throws -> JSONValue { try await ask("state") }

    package func machine(_ home: TestHome) async throws -> JSONValue? {
        guard let id = try home.machineID else { return nil }
        return try await state()["machines"]?[id]
    }

    package func session(_ id: String) async throws -> JSONValue? { try await state()["sessions"]?[id] }

    /// The Socket.IO events received, by name.
    package func events(named name: String) async throws -> [JSONValue] {
        let entries = try await ask("log")["entries"]?.array ?? []
        return entries.filter { $0["event"]?.string == name }
    }

    // MARK: Controlling

    /// Calls a method of the machine as the web app does; returns the method's answer.
    package func call(
        _ method: String, _ parameters: JSONValue = [:], of id: String,
        location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let answer = try await rpc("\(id):\(method)", parameters)
        return try #require(answer["result"], "\(answer)", sourceLocation: location)
    }

    /// Calls a method, which need not exist; returns the hub's answer: a result, or an error of the hub.
    package func rpc(_ method: String, _ parameters: JSONValue) async throws -> JSONValue {
        try await ask("rpc", ["method": .string(method), "params": parameters])
    }

    /// Sends an event to a room; returns the number of sockets in it.
    package func emit(_ event: String, _ data: JSONValue, to room: String) async throws -> Int {
        let order: JSONValue = ["room": .string(room), "event": .string(event), "data": data]
        return try await ask("emit", order)["recipients"]?.integer ?? 0
    }

    package func set(_ modes: JSONValue) async throws { _ = try await ask("mode", modes) }

    package func dropConnections() async throws { _ = try await ask("disconnect", [:]) }

    package func rename(_ home: TestHome, to name: String) async throws {
        let id = try #require(try home.machineID)
        _ = try await ask("rename", ["machineId": .string(id), "displayName": .string(name)])
    }

    func ask(_ path: String, _ order: JSONValue? = nil) async throws -> JSONValue {
        var request = HTTPClientRequest(url: "\(url)/test/\(path)")
        if let order {
            request.method = .POST
            request.body = .bytes(ByteBuffer(bytes: try JSON.encode(order)))
        }
        let response = try await WebClient.shared.execute(request, timeout: .seconds(40))
        let bytes = try await response.body.collect(upTo: 64 << 20)
        return try JSON.decode(JSONValue.self, from: bytes.readableBytesView)
    }
}

extension TestHome {
    /// The machine's id; nil if there is none yet.
    package var machineID: String? {
        get throws { try JSONValue(json: text(settings) ?? "null")["machineId"]?.string }
    }
}

extension TestHub {
    /// Calls a method of the home's machine.
    package func call(
        _ method: String, _ parameters: JSONValue = [:], of home: TestHome,
        location: SourceLocation = #_sourceLocation
    ) async throws -> JSONValue {
        let id = try #require(try home.machineID, sourceLocation: location)
        return try await call(method, parameters, of: id, location: location)
    }
}
