import HubProtocol
import Processes

/// Finds what an agent's own program writes down, and tells each thing as it comes.
struct TranscriptFollower: Sendable {
    private let hear: @Sendable (AgentEvent) async -> Void
    private var hook: GrowingFile
    private var file: GrowingFile?
    private var transcript: any AgentTranscript

    /// - Parameters:
    ///   - hook: the file that the agent's hook writes to.
    ///   - since: when the agent was started.
    init(
        _ row: TerminalRow, hook: String, since: Timestamp,
        hear: @escaping @Sendable (AgentEvent) async -> Void
    ) {
        self.hear = hear
        self.hook = GrowingFile(path: hook)
        transcript = row.transcript(since.iso8601)
    }

    /// Follows it until the agent has ended and all is read.
    mutating func run(until ended: OneShot<Void>) async {
        var quiet = 0
        while true {
            let isLast = ended.value != nil
            let news = await look()
            if isLast { return }
            quiet = news ? 0 : quiet + 1
            // Looked for often while something is said, seldom after some quiet seconds.
            _ = await ended.wait(for: .milliseconds(quiet < 50 ? 100 : 500))
            if Task.isCancelled { return }
        }
    }

    /// Returns whether there was something.
    private mutating func look() async -> Bool {
        var news = await find()
        while let lines = file?.read() {
            news = true
            for line in lines { await take(line) }
        }
        return news
    }

    private mutating func take(_ line: [UInt8]) async {
        // A line that is no JSON is half of one: nothing that is said.
        guard let value = try? JSONValue(parsing: line) else { return }
        for event in transcript.take(value) { await hear(event) }
    }

    // MARK: Which file

    /// The hook speaks at the start, and whenever another conversation begins.
    private mutating func find() async -> Bool {
        var news = false
        while let lines = hook.read() {
            for line in lines {
                // The hook writes whole documents; what is none is not its.
                guard let told = try? JSONValue(parsing: line), let path = told["transcript_path"]?.string
                else { continue }
                news = true
                // What was said in the file before another takes its place.
                while let lines = file?.read() { for line in lines { await take(line) } }
                if path != file?.path { open(path, isOld: told["source"]?.string == "resume") }
                if told["source"]?.string == "resume", let id = told["session_id"]?.string {
                    await hear(.identified(nativeID: id))
                }
            }
        }
        return news
    }

    /// Of a long past only the end is looked at: what is older than this start is not told anyway.
    private mutating func open(_ path: String, isOld: Bool) {
        file = GrowingFile(path: path)
        if isOld { file?.skip(toLast: 4 << 20) }
    }
}
