import HubProtocol
import Processes

/// Finds the transcript of an agent's own program, and reports each event as it is written.
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

    /// Follows the transcript until the agent has ended and everything is read.
    mutating func run(until ended: OneShot<Void>) async {
        var quiet = 0
        while true {
            let isLast = ended.value != nil
            let news = await look()
            if isLast { return }
            quiet = news ? 0 : quiet + 1
            // Polls often while something is said, and less often after 5 s of silence.
            _ = await ended.wait(for: .milliseconds(quiet < 50 ? 100 : 500))
            if Task.isCancelled { return }
        }
    }

    /// Returns whether there was anything new.
    private mutating func look() async -> Bool {
        var news = await find()
        while let lines = file?.read() {
            news = true
            for line in lines { await take(line) }
        }
        return news
    }

    private mutating func take(_ line: [UInt8]) async {
        // Not JSON: part of a line, as the first one after a skip. It is ignored.
        guard let value = try? JSONValue(parsing: line) else { return }
        for event in transcript.take(value) { await hear(event) }
    }

    // MARK: Finding the transcript

    /// Reads the hook's file. The hook runs when the agent starts, and whenever another conversation begins.
    private mutating func find() async -> Bool {
        var news = false
        while let lines = hook.read() {
            for line in lines {
                // The hook writes complete documents. Anything else was not written by it.
                guard let told = try? JSONValue(parsing: line), let path = told["transcript_path"]?.string
                else { continue }
                news = true
                // Reads the rest of the old file before switching.
                while let lines = file?.read() { for line in lines { await take(line) } }
                if path != file?.path { open(path, isOld: told["source"]?.string == "resume") }
                if told["source"]?.string == "resume", let id = told["session_id"]?.string {
                    await hear(.identified(nativeID: id))
                }
            }
        }
        return news
    }

    /// Of a long transcript, only the end is read: everything from before this start is ignored anyway.
    private mutating func open(_ path: String, isOld: Bool) {
        file = GrowingFile(path: path)
        if isOld { file?.skip(toLast: 4 << 20) }
    }
}
