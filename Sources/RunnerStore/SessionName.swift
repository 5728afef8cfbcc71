import Processes

/// The rules for names of sessions.
package enum SessionName {
    /// In bytes.
    static let longest = 64

    /// Why `name` is invalid; nil if it is valid.
    package static func refusal(of name: String) -> String? {
        if name.isEmpty { return "a name is empty" }
        if name.utf8.count > longest { return "a name is longer than \(longest) bytes" }
        if name.hasPrefix("-") || name.hasPrefix("PID-") { return "a name cannot begin with - or PID-" }
        return name.unicodeScalars.allSatisfy(isUsable)
            ? nil : "a name has no spaces, slashes or control characters"
    }

    /// The default name of a session, derived from its directory's.
    package static func derived(from directory: String) -> String {
        let last = directory.split(separator: "/").last ?? "root"
        var name = String.UnicodeScalarView()
        for scalar in last.unicodeScalars { name.append(isUsable(scalar) ? scalar : "-") }
        let trimmed = String(name.drop { $0 == "-" })
        var short = ""
        // Leaves room for a number at the end.
        for character in trimmed where (short + String(character)).utf8.count <= longest - 8 {
            short.append(character)
        }
        return refusal(of: short) == nil ? short : "session"
    }

    private static func isUsable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .unassigned, .privateUse, .spaceSeparator, .lineSeparator,
            .paragraphSeparator:
            false
        default: scalar != "/"
        }
    }
}
