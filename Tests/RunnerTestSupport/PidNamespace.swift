import Glibc
import Home
import Processes
import Runner
import RunnerStore
import Testing

/// A pid namespace in which a test runs programs, as in a container, pid_namespaces(7).
///
/// Its first process reaps its orphans. All its processes end with it, with the home at the latest.
package struct PidNamespace: Sendable {
    private let home: TestHome
    private let holder: ChildProcess
    /// The pid of its first process outside of it.
    private let first: pid_t

    private static let make = ["/usr/bin/unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]

    /// Whether one can be created and entered, and its next pid set.
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
        // With SIGCHLD ignored, the kernel reaps, wait(2).
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

    /// Runs `hapi runner …` in it until it ends.
    package func runner(_ arguments: String...) async throws -> Finished {
        try await run([Paths.program, "runner"] + arguments)
    }

    /// Runs a program in it until it ends.
    package func run(_ command: [String]) async throws -> Finished {
        let child = try home.start(
            ["/usr/bin/nsenter", "--target", "\(first)", "--pid", "--mount"] + command)
        let status = try await child.ended(within: .seconds(40))
        return Finished(status: status, output: child.output, errors: child.errors)
    }

    /// Starts a process with this pid in it, and returns its identity outside.
    package func bystander(at pid: pid_t) async throws -> ProcessIdentity {
        // Resets the next pid afterwards, so that later processes don't take the following ones.
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
