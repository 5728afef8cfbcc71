import Home
import HubClient
import HubProtocol
import Processes
import RunnerStore
import SessionProcess

/// The result of one check.
struct Finding: Equatable {
    enum Mark: String {
        case good, note, bad
    }

    let mark: Mark
    /// The name of the check.
    let check: String
    let text: String
    /// The command that helps, if any.
    let help: String?

    static func good(_ check: String, _ text: String) -> Finding {
        Finding(mark: .good, check: check, text: text, help: nil)
    }

    /// Worth knowing, but not a problem.
    static func note(_ check: String, _ text: String, _ help: String? = nil) -> Finding {
        Finding(mark: .note, check: check, text: text, help: help)
    }

    static func bad(_ check: String, _ text: String, _ help: String?) -> Finding {
        Finding(mark: .bad, check: check, text: text, help: help)
    }

    var line: String {
        let (sign, colour): (String, Table.Colour) =
            switch mark {
            case .good: ("✓", .green)
            case .note: ("!", .yellow)
            case .bad: ("✗", .red)
            }
        let shown = Output.usesColour ? "\u{1b}[\(colour.rawValue)m\(sign)\u{1b}[0m" : sign
        return "\(shown) \(check): \(text.visible)" + (help.map { "\n    \($0.visible)" } ?? "")
    }

    var json: JSONValue {
        .object([
            "check": .string(check), "level": .string(mark.rawValue), "message": .string(text),
            "hint": .init(help),
        ])
    }
}
