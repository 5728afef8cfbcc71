/// Which tasks wait for which descriptor. Pure bookkeeping: no system calls, no locks.
///
/// A descriptor's tag changes with each registration, so that an event for an earlier file with the same
/// number is recognised as stale.
struct Waits<Waiter> {
    private struct Registration {
        var tag: UInt64
        var waiters: [UInt64: Waiter] = [:]
    }

    private var registrations: [Int32: Registration] = [:]
    private var lastTicket: UInt64 = 0
    private var lastGeneration: UInt32 = 0

    var count: Int { registrations.values.reduce(0) { $0 + $1.waiters.count } }

    /// Identifies one wait.
    mutating func newTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    /// Returns the tag with which to register the descriptor's next event.
    mutating func add(_ waiter: Waiter, _ ticket: UInt64, _ descriptor: Int32) -> UInt64 {
        lastGeneration &+= 1
        let tag = UInt64(lastGeneration) << 32 | UInt64(UInt32(bitPattern: descriptor))
        registrations[descriptor, default: Registration(tag: tag)].tag = tag
        registrations[descriptor]?.waiters[ticket] = waiter
        return tag
    }

    /// Removes a waiter. Returns it, if it was still waiting, and whether it was the last one for its
    /// descriptor.
    mutating func remove(_ ticket: UInt64, _ descriptor: Int32) -> (waiter: Waiter?, wasLast: Bool) {
        guard let waiter = registrations[descriptor]?.waiters.removeValue(forKey: ticket) else {
            return (nil, false)
        }
        guard registrations[descriptor]?.waiters.isEmpty == true else { return (waiter, false) }
        registrations[descriptor] = nil
        return (waiter, true)
    }

    /// Removes and returns all waiters of the registration with this tag; nil if the tag is stale.
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
