/// Who waits for which descriptor. Pure bookkeeping: no system call, no lock.
///
/// A descriptor's registration has a tag that changes with each wait, so that an event for an earlier
/// owner of the number is recognised as stale.
struct Waits<Waiter> {
    private struct Registration {
        var tag: UInt64
        var waiters: [UInt64: Waiter] = [:]
    }

    private var registrations: [Int32: Registration] = [:]
    private var lastTicket: UInt64 = 0
    private var lastGeneration: UInt32 = 0

    var count: Int { registrations.values.reduce(0) { $0 + $1.waiters.count } }

    /// What one wait is known by.
    mutating func newTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    /// Returns the tag by which the descriptor's next event is to be reported.
    mutating func add(_ waiter: Waiter, _ ticket: UInt64, _ descriptor: Int32) -> UInt64 {
        lastGeneration &+= 1
        let tag = UInt64(lastGeneration) << 32 | UInt64(UInt32(bitPattern: descriptor))
        registrations[descriptor, default: Registration(tag: tag)].tag = tag
        registrations[descriptor]?.waiters[ticket] = waiter
        return tag
    }

    /// The waiter, if it still waits, and whether it was the last one for its descriptor.
    mutating func remove(_ ticket: UInt64, _ descriptor: Int32) -> (waiter: Waiter?, wasLast: Bool) {
        guard let waiter = registrations[descriptor]?.waiters.removeValue(forKey: ticket) else {
            return (nil, false)
        }
        guard registrations[descriptor]?.waiters.isEmpty == true else { return (waiter, false) }
        registrations[descriptor] = nil
        return (waiter, true)
    }

    /// Everybody who waits for what was registered under this tag; nil for a stale one.
    mutating func take(_ tag: UInt64) -> (descriptor: Int32, waiters: [Waiter])? {
        let descriptor = Int32(bitPattern: UInt32(truncatingIfNeeded: tag))
        guard let registration = registrations[descriptor], registration.tag == tag else { return nil }
        registrations[descriptor] = nil
        return (descriptor, Array(registration.waiters.values))
    }

    mutating func takeAll() -> [Waiter] {
        defer { registrations = [:] }
        return registrations.values.flatMap { $0.waiters.values }
    }
}
