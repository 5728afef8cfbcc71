import Processes
import RunnerStore

extension ChildExit {
    var reason: ExitReason {
        switch self {
        case .code(let code): .exited(code: code)
        case .signal(let signal): .signaled(signal: signal)
        case .unknown: .vanished
        }
    }

    /// The hub's reason for this end, and the text for the archive (hub contract §7.11).
    ///
    /// - Parameter asked: who asked for the end, in words; nil if nobody did.
    func ending(asked: String?) -> (reason: String, words: String) {
        if let asked { return ("terminated", asked) }
        return self == .code(0) ? ("completed", "Session completed") : ("error", "Session crashed")
    }
}
