import HubClient
import Processes
import RunnerStore

extension String {
    /// The text on one line, with control characters, line breaks and direction marks, which could manipulate
    /// a terminal, escaped as `\u{1b}`. A byte that is not text is shown as `\xff`.
    package var visible: String {
        if isPlain { return self }
        var text = ""
        for scalar in unicodeScalars {
            if scalar == "\n" {
                text += "\\n"
            } else if scalar.carriesByte {
                text += scalar.byteInWords
            } else if scalar.isActedOn {
                text += "\\u{\(String(scalar.value, radix: 16))}"
            } else {
                text.unicodeScalars.append(scalar)
            }
        }
        return text
    }
}

extension String {
    /// Whether it is printable ASCII, with one column per byte: the fast path for nearly all output.
    package var isPlain: Bool { utf8.allSatisfy { (0x20...0x7E).contains($0) } }
}

extension Unicode.Scalar {
    fileprivate var isActedOn: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        case .format: properties.isBidiControl
        default: false
        }
    }
}
