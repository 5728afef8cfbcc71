import CProcess
import FoundationEssentials
import Glibc
import HubClient
import HubProtocol
import Processes
import RunnerStore
import Synchronization

/// What one image of the runner passes to the next across `execve`, mostly descriptors by number.
package struct Inheritance: Codable {
    /// The process it is meant for, because programs that this one starts may inherit the variable.
    package var owner: Int32?
    /// The home directory, locked.
    package var lock: Int32
    /// The listening socket of the control server.
    package var listener: Int32
    /// The file written by ``HeldConnection/leave(_:)``.
    package var connections: Int32?
    /// The PATH of sessions from the login shell: empty if it gave none, nil if it has not answered yet.
    package var searchPath: String?
    /// The pipe to the guard, on which one byte says that the new image serves.
    package var guardLine: Int32?
    package var guardPID: Int32?
    /// The previous program, to return to on failure.
    package var previous: Int32?
    /// The path of the program.
    package var program: String
    /// Why the last renewal failed, for a restored image.
    package var failure: String?

    package init(lock: Int32, listener: Int32, program: String, failure: String? = nil) {
        owner = getpid()
        self.lock = lock
        self.listener = listener
        self.program = program
        self.failure = failure
    }

    /// What this process inherited; nil if it was started normally.
    package static let own: Inheritance? = {
        let variable = Variable.renewal.rawValue
        guard let text = getenv(variable).map({ String(cString: $0) }) else { return nil }
        unsetenv(variable)
        guard let inheritance = try? JSON.decode(Inheritance.self, from: Array(text.utf8)),
            inheritance.owner ?? getpid() == getpid()
        else { return nil }
        // Held connections stay open across another exec, for the case that the old program is restored.
        for descriptor in inheritance.descriptors { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        return inheritance
    }()

    /// Whether the descriptors for returning to the previous program are closed.
    package static let isSettled = Mutex(false)

    package var descriptors: [Int32] {
        [lock, listener] + [connections, guardLine, previous].compactMap { $0 } + held.map(\.descriptor)
    }

    /// The control server's connections from the last image.
    package var held: [HeldConnection] { connections.map(HeldConnection.left) ?? [] }

    /// Tells the guard that this image serves, and gives up the way back to the previous program.
    package func settle() {
        Self.isSettled.withLock { $0 = true }
        if let guardLine {
            var byte: UInt8 = 1
            _ = write(guardLine, &byte, 1)
            close(guardLine)
        }
        // Killed because its work is done, and a suspended guard would not notice.
        if let guardPID { LaunchedProcess(pid: guardPID).killAndReap(within: .milliseconds(200)) }
        for descriptor in [previous, connections].compactMap({ $0 }) { close(descriptor) }
    }

    /// Replaces this process's image, keeping open only the standard streams and what is inherited. Returns
    /// only on failure, with the errno.
    package func become(_ program: String, _ arguments: [String], _ environment: [String: String]) -> Int32 {
        let kept = Set(descriptors + [0, 1, 2])
        for descriptor in entries(of: "/proc/self/fd").compactMap({ Int32($0) }) {
            _ = fcntl(descriptor, F_SETFD, kept.contains(descriptor) ? 0 : FD_CLOEXEC)
        }
        var variables = environment
        variables[.renewal] = try? JSON.text(self)
        // From here on, stop signals are held for the next image.
        StopSignals.hold()
        let argv = CStrings([self.program] + arguments)
        let environ = CStrings(variables.map { "\($0.key)=\($0.value)" })
        _ = program.withSystemText { execve($0, argv.pointers, environ.pointers) }
        let code = errno
        for descriptor in kept { _ = fcntl(descriptor, F_SETFD, descriptor < 3 ? 0 : FD_CLOEXEC) }
        return code
    }
}
