import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

/// The width of text in terminal cells, of which a wide character takes two.
extension String {
    var cells: Int { isPlain ? utf8.count : reduce(0) { $0 + $1.cells } }

    func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - cells)) }

    /// The prefix that fits, with `…` if something is left out.
    func cut(to width: Int) -> String {
        cells <= width ? self : prefix(cells: width - 1) + "…"
    }

    private func prefix(cells width: Int) -> String {
        var (text, used) = ("", 0)
        for character in self {
            used += character.cells
            if used > width { break }
            text.append(character)
        }
        return text
    }

    private func suffix(cells width: Int) -> String {
        String(String(reversed()).prefix(cells: width).reversed())
    }

    /// A path that fits, with its middle left out: `~/…/project`.
    func pathCut(to width: Int) -> String {
        guard cells > width else { return self }
        let parts = split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard let last = parts.last, parts.count > 1 else { return cut(to: width) }
        let head = parts[0].isEmpty ? "/" + parts[1] : parts[0]
        var tail = last
        guard "…/\(tail)".cells <= width else { return "…" + tail.suffix(cells: width - 1) }
        let start = "\(head)/…/\(tail)".cells <= width ? "\(head)/…/" : "…/"
        for part in parts.dropFirst().dropLast().reversed() {
            guard "\(start)\(part)/\(tail)".cells <= width else { break }
            tail = "\(part)/\(tail)"
        }
        return start + tail
    }

    /// A path with `~` for the user's home.
    var tilded: String {
        guard let home = processEnvironment.stated(.home), home != "/", lies(self, in: home) else {
            return self
        }
        return "~" + String(decoding: utf8.dropFirst(home.utf8.count), as: UTF8.self)
    }
}

extension Character {
    /// A character may consist of several scalars: a letter with accents, a family, a flag.
    fileprivate var cells: Int {
        let scalars = unicodeScalars
        if scalars.contains(where: { $0.value == 0xFE0F })
            || scalars.count > 1 && scalars.first?.isRegional == true
        {
            return 2
        }
        return scalars.map(\.cells).max() ?? 0
    }
}

extension Unicode.Scalar {
    fileprivate var isRegional: Bool { (0x1F1E6...0x1F1FF).contains(value) }

    fileprivate var cells: Int {
        switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format, .control: 0
        default: Self.wide.contains { $0.contains(value) } ? 2 : 1
        }
    }

    /// East Asian Wide and Fullwidth (Unicode Standard Annex 11), and characters with default emoji
    /// presentation.
    private static let wide: [ClosedRange<UInt32>] = [
        0x1100...0x115F, 0x231A...0x231B, 0x2329...0x232A, 0x23E9...0x23EC, 0x23F0...0x23F0, 0x23F3...0x23F3,
        0x25FD...0x25FE, 0x2614...0x2615, 0x2648...0x2653, 0x267F...0x267F, 0x2693...0x2693, 0x26A1...0x26A1,
        0x26AA...0x26AB, 0x26BD...0x26BE, 0x26C4...0x26C5, 0x26CE...0x26CE, 0x26D4...0x26D4, 0x26EA...0x26EA,
        0x26F2...0x26F3, 0x26F5...0x26F5, 0x26FA...0x26FA, 0x26FD...0x26FD, 0x2705...0x2705, 0x270A...0x270B,
        0x2728...0x2728, 0x274C...0x274C, 0x274E...0x274E, 0x2753...0x2755, 0x2757...0x2757, 0x2795...0x2797,
        0x27B0...0x27B0, 0x27BF...0x27BF, 0x2B1B...0x2B1C, 0x2B50...0x2B50, 0x2B55...0x2B55, 0x2E80...0x303E,
        0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF,
        0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F004...0x1F004,
        0x1F0CF...0x1F0CF, 0x1F18E...0x1F18E, 0x1F191...0x1F19A, 0x1F200...0x1F320, 0x1F32D...0x1F335,
        0x1F337...0x1F37C, 0x1F37E...0x1F393, 0x1F3A0...0x1F3CA, 0x1F3CF...0x1F3D3, 0x1F3E0...0x1F3F0,
        0x1F3F4...0x1F3F4, 0x1F3F8...0x1F43E, 0x1F440...0x1F440, 0x1F442...0x1F4FC, 0x1F4FF...0x1F53D,
        0x1F54B...0x1F54E, 0x1F550...0x1F567, 0x1F57A...0x1F57A, 0x1F595...0x1F596, 0x1F5A4...0x1F5A4,
        0x1F5FB...0x1F64F, 0x1F680...0x1F6C5, 0x1F6CC...0x1F6CC, 0x1F6D0...0x1F6D2, 0x1F6D5...0x1F6D7,
        0x1F6DC...0x1F6DF, 0x1F6EB...0x1F6EC, 0x1F6F4...0x1F6FC, 0x1F7E0...0x1F7EB, 0x1F7F0...0x1F7F0,
        0x1F90C...0x1F93A, 0x1F93C...0x1F945, 0x1F947...0x1F9FF, 0x1FA70...0x1FAFF, 0x20000...0x3FFFD,
    ]
}
