import CProcess
import Glibc
import Home
import HubClient
import Monitor
import Processes
import RunnerStore

/// Stands by while the runner becomes a new program. If the new program does not get to serve, this process,
/// which still runs the old one, takes over the lock and the socket and serves.
///
/// It is this program with a hidden first argument, and normally lives for a moment.
package enum RenewalGuard {
    package static let argument = "__guard"

    private static let lineDescriptor: Int32 = 3
    /// How long the new image may take until it serves, in milliseconds.
    private static let patience: Int32 = 30_000

    /// Starts a guard, and passes to the new image the pipe on which it reports success.
    static func start(
        for inheritance: inout Inheritance, _ arguments: [String], _ environment: [String: String]
    ) throws {
        let pipe = try Pipe()
        let runner = ProcessTable.current
        let launch = ProcessLaunch(
            program: "/proc/self/exe",
            arguments: ["hapi", argument, "\(runner.pid)", "\(runner.start)", inheritance.program]
                + arguments,
            environment: environment.map { "\($0.key)=\($0.value)" }, output: .descriptor(1),
            errors: .descriptor(2), passing: [pipe.reading.number, inheritance.lock, inheritance.listener])
        inheritance.guardPID = try launch.start()
        // Without close-on-exec: the next image inherits it by number.
        inheritance.guardLine = try pipe.writing.copied()
    }

    /// Waits for the report of success, or serves in the runner's place.
    package static func run(_ arguments: [String]) -> Never {
        guard arguments.count >= 3, let pid = Int32(arguments[0]), let start = Int64(arguments[1]) else {
            _exit(64)
        }
        if newImageServes() { _exit(0) }
        if let runner = ProcessDescriptor(ProcessIdentity(pid: pid, start: start)) {
            runner.signal(SIGKILL)
            while !runner.hasEnded { usleep(10_000) }
        }
        let inheritance = Inheritance(
            lock: 4, listener: 5, program: arguments[2],
            failure: "the new program passed its check, but then did not start to serve")
        let code = inheritance.become("/proc/self/exe", Array(arguments.dropFirst(3)), processEnvironment)
        _exit(code == 0 ? 1 : 70)
    }

    /// False if the pipe is closed without a report, or nothing comes in time.
    private static func newImageServes() -> Bool {
        var line = pollfd(fd: lineDescriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = poll(&line, 1, patience)
            if ready < 0 && errno == EINTR { continue }
            var byte: UInt8 = 0
            return ready > 0 && read(lineDescriptor, &byte, 1) == 1
        }
    }
}
