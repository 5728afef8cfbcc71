import Glibc

/// The kind of program in a file, by its first bytes, as the kernel determines it.
package enum ProgramKind: Equatable, Sendable {
    case empty
    /// Begins with `#!` and the path of its interpreter, given unmodified.
    case script(interpreter: String)
    /// Text without `#!`, which a shell runs.
    case text
    /// A program for this machine. `loader` is its dynamic loader, if it has one.
    case native(loader: String?)
    /// A program for another system, which is described in words.
    case foreign(String)
    /// Neither text nor a known kind of program.
    case data

    /// How many bytes of a file are read.
    private static let headSize = 4096

    /// nil if the file cannot be read.
    package init?(of path: String) {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return nil }
        defer { close(file) }
        var head = [UInt8](repeating: 0, count: Self.headSize)
        let count = read(file, &head, head.count)
        guard count >= 0 else { return nil }
        self.init(head: Array(head.prefix(count)))
    }

    package init(head: [UInt8]) {
        if head.isEmpty {
            self = .empty
        } else if head.starts(with: Array("#!".utf8)) {
            self = .script(interpreter: Self.interpreter(head))
        } else if head.starts(with: [0x7f] + Array("ELF".utf8)) {
            self = Self.elf(head)
        } else if head.starts(with: Array("MZ".utf8)) {
            self = .foreign("Windows")
        } else if Self.machO.contains(where: { head.starts(with: $0) }) {
            self = .foreign("macOS")
        } else {
            // The heuristic of shells: a file with a NUL in its first line is not a script.
            self = head.prefix { $0 != UInt8(ascii: "\n") }.contains(0) ? .data : .text
        }
    }

    /// The first word after `#!`. The kernel does not treat a carriage return as white space.
    private static func interpreter(_ head: [UInt8]) -> String {
        let blank: Set = [UInt8(ascii: " "), UInt8(ascii: "\t")]
        let line = head.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }
        let word = line.drop { blank.contains($0) }.prefix { !blank.contains($0) }
        return String(decoding: word, as: UTF8.self)
    }

    private static let machO: [[UInt8]] = [
        [0xcf, 0xfa, 0xed, 0xfe], [0xce, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe],
    ]

    // MARK: ELF, elf(5)

    private static func elf(_ head: [UInt8]) -> ProgramKind {
        guard head.count >= 64 else { return .data }
        let isLittle = head[5] == 1
        let machine = isLittle ? number(head, 18, 2) : Int(head[18]) << 8 | Int(head[19])
        guard isLittle, head[4] == 2, machine == ownMachine else {
            return .foreign(machines[machine] ?? "another kind of machine")
        }
        let (start, size, count) = (number(head, 32, 8), number(head, 54, 2), number(head, 56, 2))
        guard let start, let size, let count, size > 0 else { return .native(loader: nil) }
        for index in 0..<count {
            let (entry, overflow) = start.addingReportingOverflow(index * size)
            guard !overflow, let kind = number(head, entry, 4) else { break }
            guard kind == 3 else { continue }  // PT_INTERP
            guard let place = number(head, entry + 8, 8), (0..<head.count).contains(place) else { break }
            return .native(loader: String(decoding: head[place...].prefix { $0 != 0 }, as: UTF8.self))
        }
        return .native(loader: nil)
    }

    /// A little-endian number; nil if it is outside the bytes or does not fit an `Int`.
    private static func number(_ bytes: [UInt8], _ offset: Int, _ size: Int) -> Int? {
        guard offset >= 0, offset <= bytes.count - size else { return nil }
        let value = bytes[offset..<offset + size].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return Int(exactly: value)
    }

    #if arch(x86_64)
        private static let ownMachine: Int? = 62
    #elseif arch(arm64)
        private static let ownMachine: Int? = 183
    #else
        private static let ownMachine: Int? = nil
    #endif

    private static let machines: [Int?: String] = [
        3: "32-bit x86 (i386)", 40: "32-bit ARM", 62: "x86-64", 183: "64-bit ARM (aarch64)",
        243: "RISC-V", 21: "PowerPC", 22: "s390",
    ]
}
