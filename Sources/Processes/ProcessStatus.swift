/// A process's line in `/proc`.
package struct ProcessStatus: Equatable, Sendable {
    package let identity: ProcessIdentity
    package let parent: Int32
    /// Ended, and not yet reaped.
    package let isZombie: Bool

    /// Parses `/proc/<pid>/stat`, proc(5). The command's name may contain anything, so the fields are counted
    /// from the last closing parenthesis. Works on bytes, without a String, because thousands of these are
    /// read on a large machine.
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
        // While other threads run, or one of them executes another program, only the main thread has ended.
        let isOver = fields[0] == [UInt8(ascii: "Z")] || fields[0] == [UInt8(ascii: "X")]
        self.isZombie = isOver && threads < 2
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n")
    }

    /// A number from decimal digits; nil for anything else, and on overflow.
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
