import Glibc

/// What kind of program a file holds, by its first bytes: what the kernel looks at when it is to run it.
package enum ProgramKind: Equatable, Sendable {
    case empty
    /// It begins with `#!` and the path of its interpreter, as it stands there.
    case script(interpreter: String)
    /// Text without such a line: a shell runs it.
    case text
    /// A program for this machine; `loader` is what the kernel starts to load its libraries, where it has any.
    case native(loader: String?)
    /// A program for another system, in words.
    case foreign(String)
    /// Neither text nor a program of any kind known here.
    case data

    /// How much of a file is looked at.
    private static let headSize = 4096

    /// nil where the file cannot be read.
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
            // As shells do: a program that is none holds a NUL in its first line.
            self = head.prefix { $0 != UInt8(ascii: "\n") }.contains(0) ? .data : .text
        }
    }

    /// The first word behind `#!`. A carriage return is no white space to the kernel.
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

    /// A little-endian number; nil where the bytes do not reach so far, or it is none that an `Int` holds.
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
