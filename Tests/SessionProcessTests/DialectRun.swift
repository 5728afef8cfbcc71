import HubProtocol
import Testing

@testable import SessionProcess

extension JSONValue {
    init(json text: String) throws { self = try JSON.decode(JSONValue.self, from: text.utf8) }
}

/// A dialect that is talked to: what it sends and says is kept until it is taken.
struct DialectRun<Dialect: AgentDialect> {
    private(set) var dialect: Dialect
    private(set) var sent: [JSONValue] = []
    private(set) var events: [AgentEvent] = []
    private(set) var alarms: [String] = []
    private(set) var gaveUp: String?

    init(_ dialect: Dialect) {
        self.dialect = dialect
        take(self.dialect.open())
    }

    mutating func receive(_ lines: JSONValue...) { for line in lines { take(dialect.received(line)) } }
    mutating func command(_ command: AgentCommand) { take(dialect.command(command)) }

    mutating func ring(_ name: String) {
        alarms.removeAll { $0 == name }
        take(dialect.alarmRang(name))
    }

    mutating func takeSent() -> [JSONValue] {
        defer { sent = [] }
        return sent
    }

    mutating func takeEvents() -> [AgentEvent] {
        defer { events = [] }
        return events
    }

    /// The id of the newest request of this method.
    func id(of method: String) -> JSONValue {
        sent.last { $0["method"]?.string == method }?["id"] ?? .null
    }

    /// Answers the newest request of this method.
    mutating func answer(_ method: String, _ result: JSONValue) {
        receive(["id": id(of: method), "result": result])
    }

    mutating func refuse(_ method: String, code: Int64, _ message: String) {
        receive(["id": id(of: method), "error": ["code": .integer(code), "message": .string(message)]])
    }

    private mutating func take(_ steps: [AgentStep]) {
        for step in steps {
            switch step {
            case .send(let line): sent.append(line)
            case .event(let event): events.append(event)
            case .alarm(let name, _): alarms.append(name)
            case .cancelAlarm(let name): alarms.removeAll { $0 == name }
            case .giveUp(let reason): gaveUp = gaveUp ?? reason
            }
        }
    }
}
