/// What a session may use. Which cgroup enforces it is decided by the runner, before anything starts.
package struct LaunchLimits: Equatable, Sendable {
    /// Bytes of memory, together.
    package var memory: Int64?
    /// Microseconds of processor time in each 100 ms.
    package var processorTime: Int64?
    /// How long it may run, in seconds. The machine's sleep does not count.
    package var seconds: Int64?
    /// Where the unified hierarchy is mounted, cgroups(7).
    package var cgroupMount: String?
    /// The cgroup that the monitor is to enter; nil where it was started in the right one.
    package var cgroup: String?

    package init() {}

    package var needsCgroup: Bool { memory != nil || processorTime != nil }

    /// The period that processor time is counted in, in microseconds: the kernel's own default.
    package static let period: Int64 = 100_000

    static let fieldCount = 5

    /// One string for each fact; empty where there is none.
    var fields: [String] {
        [memory, processorTime, seconds].map { $0.map { "\($0)" } ?? "" } + [cgroupMount ?? "", cgroup ?? ""]
    }

    /// What ``fields`` gave; anything else is not the same afterwards, which `LaunchSpec` notices.
    init(fields: ArraySlice<String>) {
        let texts = fields.map { $0.isEmpty ? nil : $0 }
        guard texts.count == Self.fieldCount else { return }
        (memory, processorTime, seconds) = (
            texts[0].flatMap { Int64($0) }, texts[1].flatMap { Int64($0) }, texts[2].flatMap { Int64($0) }
        )
        (cgroupMount, cgroup) = (texts[3], texts[4])
    }
}
