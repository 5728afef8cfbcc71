/// What `/proc` tells of one process.
package struct ProcessStatus: Equatable, Sendable {
    package let identity: ProcessIdentity
    package let parent: Int32
    /// Ended, and not yet reaped.
    package let isZombie: Bool

    /// Reads a line of `/proc/<pid>/stat`, proc(5). The command's name may hold anything, so the
    /// fields are counted from its last closing parenthesis. In bytes, without a String: thousands of these
    /// are read on a large machine.
    package init?(statLine: [UInt8]) {
        guard let nameEnd = statLine.lastIndex(of: UInt8(ascii: ")")),
            let pid: Int32 = Self.number(statLine.prefix { $0 != UInt8(ascii: " ") })
        else { return nil }
        let fields = statLine[(nameEnd + 1)...].split(maxSplits: 20) { Self.isSpace($0) }
        guard fields.count > 19, let parent: Int32 = Self.number(fields[1]),
            let threads: Int = Self.number(fields[17]), let start: Int64 = Self.number(fields[19])
        else { return nil }
        self.identity = ProcessIdentity(pid: pid, start: start)
        self.parent = parent
        // While other threads go on, or one of them replaces the program, only the first one has ended.
        let isOver = fields[0] == [UInt8(ascii: "Z")] || fields[0] == [UInt8(ascii: "X")]
        self.isZombie = isOver && threads < 2
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n")
    }

    /// The number that decimal digits spell; nil for anything else, and for one that is too large.
    private static func number<Number: FixedWidthInteger>(_ digits: ArraySlice<UInt8>) -> Number? {
        guard !digits.isEmpty else { return nil }
        var value: Number = 0
        for byte in digits {
            guard case UInt8(ascii: "0")...UInt8(ascii: "9") = byte else { return nil }
            let (product, overflows) = value.multipliedReportingOverflow(by: 10)
            let (sum, carries) = product.addingReportingOverflow(Number(byte - UInt8(ascii: "0")))
            if overflows || carries { return nil }
            value = sum
        }
        return value
    }
}
