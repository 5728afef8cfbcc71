import HubClient
import Processes
import RunnerStore

extension String {
    /// The text on one line, with what a terminal would act on, or read in another order, shown as
    /// `\u{1b}`: control characters, line breaks, and the marks that turn the direction of writing. A byte that is
    /// no text is shown as `\xff`.
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
    /// Whether it is made of ASCII that is shown as it is, a cell for each byte: nearly all that is printed is.
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
