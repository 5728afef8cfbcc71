import CProcess
import FoundationEssentials
import Glibc
import HubClient
import HubProtocol
import Processes
import RunnerStore
import Synchronization

/// What one image of the runner leaves to the next across `execve`: descriptors, by number.
package struct Inheritance: Codable {
    /// The process it is meant for: a program that this one starts may get the variable too.
    package var owner: Int32?
    /// The home directory, locked.
    package var lock: Int32
    /// The listening socket of the control server.
    package var listener: Int32
    /// What ``HeldConnection/leave(_:)`` has written down.
    package var connections: Int32?
    /// The PATH of sessions, as a login shell has told: empty for nothing, nil where none has answered.
    package var searchPath: String?
    /// The line to the guard: one byte says that the new image serves.
    package var guardLine: Int32?
    package var guardPID: Int32?
    /// The program the runner came from, to be gone back to.
    package var previous: Int32?
    /// The path by which the program is started.
    package var program: String
    /// Why the last renewal failed, for an image that was put back.
    package var failure: String?

    package init(lock: Int32, listener: Int32, program: String, failure: String? = nil) {
        owner = getpid()
        self.lock = lock
        self.listener = listener
        self.program = program
        self.failure = failure
    }

    /// What this process was left; nil for one that was started afresh. Taken once.
    package static let own: Inheritance? = {
        let variable = Variable.renewal.rawValue
        guard let text = getenv(variable).map({ String(cString: $0) }) else { return nil }
        unsetenv(variable)
        guard let inheritance = try? JSON.decode(Inheritance.self, from: Array(text.utf8)),
            inheritance.owner ?? getpid() == getpid()
        else { return nil }
        // Connections that are left stay open, for an image that is gone back to.
        for descriptor in inheritance.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return inheritance
    }()

    /// Whether the way back was given up: its descriptors are closed.
    package static let isSettled = Mutex(false)

    package var descriptors: [Int32] {
        [lock, listener] + [connections, guardLine, previous].compactMap { $0 } + held.map(\.descriptor)
    }

    /// Connections of the control server, as the last image left them.
    package var held: [HeldConnection] { connections.map(HeldConnection.left) ?? [] }

    /// Tells the guard that this image serves, and lets go of the way back.
    package func settle() {
        Self.isSettled.withLock { $0 = true }
        if let guardLine {
            var byte: UInt8 = 1
            _ = write(guardLine, &byte, 1)
            close(guardLine)
        }
        // It has nothing left to do, and one that is suspended would never hear of it.
        if let guardPID { LaunchedProcess(pid: guardPID).killAndReap(within: .milliseconds(200)) }
        for descriptor in [previous, connections].compactMap({ $0 }) { close(descriptor) }
    }

    /// Replaces this process's image; nothing but the streams and what is left is kept open. Returns
    /// only if that fails, with the errno.
    package func become(_ program: String, _ arguments: [String], _ environment: [String: String]) -> Int32 {
        let kept = Set(descriptors + [0, 1, 2])
        for descriptor in entries(of: "/proc/self/fd").compactMap({ Int32($0) }) {
            _ = fcntl(descriptor, F_SETFD, kept.contains(descriptor) ? 0 : FD_CLOEXEC)
        }
        var variables = environment
        variables[.renewal] = try? JSON.text(self)
        // A word to stop that comes from here on is the next image's to hear.
        StopSignals.hold()
        let argv = CStrings([self.program] + arguments)
        let environ = CStrings(variables.map { "\($0.key)=\($0.value)" })
        _ = program.withSystemText { execve($0, argv.pointers, environ.pointers) }
        let code = errno
        for descriptor in kept { _ = fcntl(descriptor, F_SETFD, descriptor < 3 ? 0 : FD_CLOEXEC) }
        return code
    }
}
