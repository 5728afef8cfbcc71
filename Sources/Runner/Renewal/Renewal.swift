import FoundationEssentials
import Glibc
import Home
import HubClient
import HubProtocol
import Logging
import Monitor
import Processes
import RunnerStore

/// Watches the program on disk, and has a new one prove itself before the runner becomes it.
actor Renewal {
    /// How long a program that failed is left alone, unless it changes.
    static let backoff = Duration.seconds(300)
    /// How long a changed file must stay as it is.
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
    ///   - arguments: what the runner was started with, after the program's name.
    ///   - failure: why the last renewal failed, in a runner that was put back.
    ///   - notice: tells users, through `status`, what came of a renewal.
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

    /// Tells users why this image was put back, if it was.
    func tellFailure() async {
        if let failureOfLast { await tell(failureOfLast) }
    }

    private func tell(_ failure: String) async {
        await notice(
            "the program at \(program.path) was replaced, and the new one fails: \(failure). "
                + "This one goes on; the new one is tried again in 5 minutes, or when it changes.")
    }

    /// Whether another program is there, has stayed still, and has proved itself.
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
                // Cancelled when the runner stops: then nothing is renewed.
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
            "another program is there; it shall prove itself", metadata: ["program": "\(program.path)"])
        let outcome: String
        do {
            let proof = try await HelperProcess.run(
                program.path, [Proof.argument] + arguments, environment: environment,
                within: Self.proofTimeout)
            if proof.status == 0 && proof.output.hasPrefix(Proof.greeting) {
                await notice(nil)
                return true
            }
            outcome = proof.status == 0 ? "it is no runner" : proof.words
        } catch {
            outcome = "\(error)"
        }
        if let print { failed = (print, .now) }
        logger.error("the new program failed its proof", metadata: ["why": "\(outcome)"])
        await tell(outcome)
        return false
    }
}

/// What a new program is asked before a runner becomes it.
package enum Proof {
    /// The first argument; the runner's own arguments follow.
    package static let argument = "__prove"
    static let greeting = "hapi-proof "

    /// Checks what a start would need, without leaving a trace: settings, and a store that this
    /// version can open, its migrations rehearsed and rolled back. Returns what to print.
    package static func give(environment: [String: String]) throws -> String {
        let configuration = try Configuration.load(environment: environment)
        try StoreConnection.rehearseMigrations(path: configuration.home.store)
        return greeting + ProgramFile.version
    }
}
