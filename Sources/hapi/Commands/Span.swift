import ArgumentParser
import Home
import HubClient
import Processes
import RunnerStore
import SessionProcess

/// A duration as users write it: `90s`, `30min`, `2h`, `7d`.
struct Span {
    let seconds: Int64

    static let units: [String: Int64] = ["s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604_800]

    /// - Throws: a message for the user.
    init(_ text: String) throws {
        let (digits, unit) = Self.parts(text)
        if unit == "m" {
            throw ValidationError("'m' could be minutes or months: use \(digits)min or \(digits)mo")
        }
        guard let count = Int64(digits), count < 100_000, let factor = Self.units[unit] else {
            throw ValidationError("not a length of time; use for example 90s, 30min, 2h or 7d")
        }
        seconds = count * factor
    }

    /// Splits the text into its leading digits and the rest.
    static func parts(_ text: String) -> (digits: String, unit: String) {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        return (String(digits), String(text.dropFirst(digits.count)))
    }
}
