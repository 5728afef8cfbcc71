/// The limits of a session. The runner decides which cgroup enforces them before it starts the monitor.
package struct LaunchLimits: Equatable, Sendable {
    /// In bytes, for all processes together.
    package var memory: Int64?
    /// In microseconds per ``period``.
    package var processorTime: Int64?
    /// The maximum duration in seconds. Time in which the machine sleeps does not count.
    package var seconds: Int64?
    /// The mount point of cgroup v2, cgroups(7).
    package var cgroupMount: String?
    /// The cgroup for the monitor to enter; nil if it was started in the right one.
    package var cgroup: String?

    package init() {}

    package var needsCgroup: Bool { memory != nil || processorTime != nil }

    /// The accounting period of processor time in microseconds: the kernel's default.
    package static let period: Int64 = 100_000

    static let fieldCount = 5

    /// One string per value; empty for nil.
    var fields: [String] {
        [memory, processorTime, seconds].map { $0.map { "\($0)" } ?? "" } + [cgroupMount ?? "", cgroup ?? ""]
    }

    /// Parses ``fields``. Invalid fields don't round-trip, which `LaunchSpec` detects.
    init(fields: ArraySlice<String>) {
        let texts = fields.map { $0.isEmpty ? nil : $0 }
        guard texts.count == Self.fieldCount else { return }
        (memory, processorTime, seconds) = (
            texts[0].flatMap { Int64($0) }, texts[1].flatMap { Int64($0) }, texts[2].flatMap { Int64($0) }
        )
        (cgroupMount, cgroup) = (texts[3], texts[4])
    }
}
