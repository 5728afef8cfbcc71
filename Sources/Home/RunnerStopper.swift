import Glibc
import HubClient
import Processes
import RunnerStore

/// Stops the runner of a home from outside.
package struct RunnerStopper: Sendable {
    package enum Outcome: Sendable {
        case stopped(pid: Int32)
        case noneRunning
        /// A runner may be running on another machine or in another pid namespace, and can only be stopped
        /// there.
        case elsewhere(pid: Int32)
    }

    package let home: RunnerHome
    package let controlTimeout: Duration
    package let replacing: Bool

    /// - Parameter replacing: whether another runner is about to start.
    package init(home: RunnerHome, controlTimeout: Duration, replacing: Bool = false) {
        self.home = home
        self.controlTimeout = controlTimeout
        self.replacing = replacing
    }

    /// Asks the runner to stop and waits until it is gone. Signals a process only if asking does not help and
    /// it is verifiably the runner.
    package func stop() async throws -> Outcome {
        let presence = RunnerPresence(home)
        if let runner = presence.runner { return try await stop(runner) }
        if let pid = presence.foreignPID, let port = presence.controlPort {
            return try await stopForeign(pid, port)
        }
        if let orphan = ProcessTable.runnerOfRemovedHome(home) { return try await end(orphan, asking: nil) }
        // A runner without shared memory is found by its state file.
        if let error = presence.storeError, error.cause != .noSharedMemory { throw error }
        return presence.elsewhere.map { .elsewhere(pid: $0.process.pid) } ?? .noneRunning
    }

    private func stop(_ runner: RunnerRecord) async throws -> Outcome {
        let pid = runner.process.pid
        guard let process = ProcessDescriptor(runner.process) else { return .stopped(pid: pid) }
        var asking: (any Error)?
        if let port = runner.httpPort {
            do {
                try await ControlClient(port: port, timeout: controlTimeout).stopRunner(replacing: replacing)
            } catch {
                asking = error
            }
        }
        if asking == nil && runner.httpPort != nil {
            if await allEnded([process], within: .seconds(10)) { return .stopped(pid: pid) }
        }
        return try await end(runner.process, asking: asking)
    }

    /// Ends a process that is verifiably the runner.
    ///
    /// - Parameter asking: the error when it was asked to stop; nil if it was not asked.
    private func end(_ process: ProcessIdentity, asking: (any Error)?) async throws -> Outcome {
        if await StopSequence.standard.run({ [process] }).isEmpty { return .stopped(pid: process.pid) }
        throw RunnerStopError(pid: process.pid, reason: asking.map { "\($0)" } ?? "it survived SIGKILL")
    }

    /// Stops HAPI's own runner, or one whose store cannot be read. Asks, but never signals, because its
    /// identity cannot be verified.
    private func stopForeign(_ pid: Int32, _ port: Int) async throws -> Outcome {
        let process = ProcessTable.identity(of: pid).flatMap(ProcessDescriptor.init)
        try await ControlClient(port: port, timeout: controlTimeout).stopRunner(replacing: replacing)
        guard let process, await allEnded([process], within: .seconds(10)) == false else {
            return .stopped(pid: pid)
        }
        throw RunnerStopError(pid: pid, reason: "it was asked to stop, but is still running after 10 s")
    }
}

package struct RunnerStopError: Error, CustomStringConvertible {
    package let pid: Int32
    package let reason: String
    package var description: String { "cannot stop the runner, process \(pid): \(reason)" }
}
