import Glibc
import Home
import Processes
import Runner
import RunnerStore
import Testing

/// A pid namespace in which a test runs programs, as a container would have one, pid_namespaces(7).
///
/// Its first process reaps what is orphaned in it. All in it ends with it, at the latest with its home.
package struct PidNamespace: Sendable {
    private let home: TestHome
    private let holder: ChildProcess
    /// Its first process, as it is called outside.
    private let first: pid_t

    private static let make = ["/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]

    /// Whether one can be made, entered, and told which pid comes next.
    package static let isPossible: Bool = {
        guard access("/usr/bin/nsenter", X_OK) == 0,
            let child = try? ChildProcess(
                make + ["/bin/sh", "-c", "echo 100 > /proc/sys/kernel/ns_last_pid"])
        else { return false }
        var word: Int32 = 0
        waitpid(child.pid, &word, 0)
        return word == 0
    }()

    package init(_ home: TestHome) async throws {
        self.home = home
        // What is ignored is reaped by the kernel, wait(2).
        let program = """
            import signal, time
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            print("up", flush=True)
            time.sleep(1000)
            """
        let holder = try home.start(Self.make + [Paths.python, "-c", program])
        _ = try await holder.firstLine()
        self.holder = holder
        first = try #require(ProcessTable.all().first { $0.parent == holder.pid }).identity.pid
    }

    /// Runs `hapi runner …` in it to its end.
    package func runner(_ arguments: String...) async throws -> Finished {
        try await run([Paths.program, "runner"] + arguments)
    }

    /// Runs a program in it to its end.
    package func run(_ command: [String]) async throws -> Finished {
        let child = try home.start(
            ["/usr/bin/nsenter", "--target", "\(first)", "--pid", "--mount"] + command)
        let status = try await child.ended(within: .seconds(40))
        return Finished(status: status, output: child.output, errors: child.errors)
    }

    /// Starts a bystander in it that has this pid there, and gives what it is outside.
    package func bystander(at pid: pid_t) async throws -> ProcessIdentity {
        // What is started later shall not take the pid after this one, which may be wanted too.
        let script = """
            echo \(pid - 1) > /proc/sys/kernel/ns_last_pid; /bin/sleep 999 & echo $!
            echo 10000 > /proc/sys/kernel/ns_last_pid
            """
        let started = try await run(["/bin/sh", "-c", script])
        try #require(started.output == "\(pid)\n", "\(started)")
        let bystander = ProcessTable.all().filter { $0.parent == first }.max {
            $0.identity.start < $1.identity.start
        }
        return try #require(bystander).identity
    }
}
