import FoundationEssentials
import Glibc
import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// Watches the program on disk, and has a new one prove itself before the runner switches to it.
actor Renewal {
    /// How long before a failed program is retried, unless it changes.
    static let backoff = Duration.seconds(300)
    /// How long a changed file must stay unchanged.
    static let stillness = Duration.seconds(2)
    static let proofTimeout = Duration.seconds(60)

    private let program: ProgramFile
    private let arguments: [String]
    private let environment: [String: String]
    private let isDisabled: Bool
    private let notice: @Sendable (String?) async -> Void
    private let logger: Logger
    private let failureOfLast: String?
    private var failed: (print: FilePrint, at: ContinuousClock.Instant)?

    /// - Parameters:
    ///   - arguments: the runner's arguments, without the program's name.
    ///   - failure: why the last renewal failed, in a restored runner.
    ///   - notice: shows users, through `status`, the outcome of a renewal.
    init(
        program: ProgramFile, arguments: [String], configuration: Configuration, failure: String?,
        notice: @escaping @Sendable (String?) async -> Void, logger: Logger
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = configuration.environment
        self.isDisabled = configuration.renewalDisabled
        self.notice = notice
        self.logger = logger
        self.failureOfLast = failure
        if failure != nil, let print = FilePrint(program.path) { failed = (print, .now) }
    }

    /// Shows users why this image was restored, if it was.
    func tellFailure() async {
        if let failureOfLast { await tell(failureOfLast) }
    }

    private func tell(_ failure: String) async {
        await notice(
            "the program at \(program.path) was replaced, but the new one fails: \(failure). "
                + "This one keeps running and tries the new one again in 5 minutes, or when it changes.")
    }

    /// Whether there is a new program on disk that has stopped changing and has proved itself.
    func isDue() async -> Bool {
        guard !isDisabled, let running = FilePrint("/proc/self/exe"), let found = FilePrint(program.path),
            found != running
        else { return false }
        var seen: FilePrint?
        for _ in 0..<15 {
            let now = FilePrint(program.path)
            switch RenewalVerdict.on(running: running, found: now, seen: seen, failed: failure()) {
            case .stay: return false
            case .prove: return await prove(now)
            case .wait:
                seen = now
                // Task.sleep throws only when the runner stops; nothing is renewed then.
                guard (try? await Task.sleep(for: Self.stillness)) != nil else { return false }
            }
        }
        return false
    }

    private func failure() -> (FilePrint, retry: Bool)? {
        failed.map { ($0.print, ContinuousClock.now - $0.at > Self.backoff) }
    }

    private func prove(_ print: FilePrint?) async -> Bool {
        logger.info(
            "found a new program; checking it", metadata: ["program": "\(program.path)"])
        let outcome: String
        do {
            let proof = try await HelperProcess.run(
                program.path, [Proof.argument] + arguments, environment: environment,
                within: Self.proofTimeout)
            if proof.status == 0 && proof.output.hasPrefix(Proof.greeting) {
                await notice(nil)
                return true
            }
            outcome = proof.status == 0 ? "it is not a runner" : proof.words
        } catch {
            outcome = "\(error)"
        }
        if let print { failed = (print, .now) }
        logger.error("the new program failed its check", metadata: ["why": "\(outcome)"])
        await tell(outcome)
        return false
    }
}

/// What a new program must answer before a runner switches to it.
package enum Proof {
    /// The hidden first argument. The runner's own arguments follow.
    package static let argument = "__prove"
    static let greeting = "hapi-proof "

    /// Checks the requirements of a start without leaving a trace: settings, and a store that this version
    /// can open, with its migrations rehearsed and rolled back. Returns the line to print.
    package static func give(environment: [String: String]) throws -> String {
        let configuration = try Configuration.load(environment: environment)
        try StoreConnection.rehearseMigrations(path: configuration.home.store)
        return greeting + ProgramFile.version
    }
}
