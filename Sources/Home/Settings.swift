import FoundationEssentials
import Glibc
import HubClient
import HubProtocol
import Processes
import RunnerStore

/// `settings.json`, shared with HAPI's hub and CLI: keys that are not ours are kept.
package struct Settings: Sendable {
    private var members: [String: JSONValue]

    package init(_ members: [String: JSONValue]) { self.members = members }

    /// The settings without a file.
    package static let none = Settings([:])

    package var token: String? {
        get { text(.token) }
        set { members[Key.token.rawValue] = newValue.map(JSONValue.string) }
    }
    /// `serverUrl` is its older name.
    package var hubURL: String? {
        get { text(.hubURL) ?? text(.olderHubURL) }
        set { members[Key.hubURL.rawValue] = newValue.map(JSONValue.string) }
    }
    package var machineID: String? {
        get { text(.machineID) }
        set { members[Key.machineID.rawValue] = newValue.map(JSONValue.string) }
    }

    /// The program for an agent, if it is not the one of that name in `PATH`.
    package func agentProgram(_ agent: String) -> String? { self[.agentPrograms]?[agent]?.string }

    /// Whether `hapi [AGENT]` starts the runner if none is running.
    package var startsRunner: Bool { self[.startsRunner]?.bool ?? true }

    /// Whether to resume conversations that a reboot interrupted.
    package var resumesAfterReboot: Bool { self[.resumesAfterReboot]?.bool ?? false }

    /// The command to run after each session; empty for none.
    package var onSessionEnd: [String] { self[.onSessionEnd]?.array?.compactMap(\.string) ?? [] }

    /// Command lines of programs that speak ACP, by the agent they replace.
    package var acpAgents: [String: [String]] {
        (object(.acpAgents) ?? [:]).compactMapValues { value in
            let words = value.array?.compactMap(\.string)
            return words?.count == value.array?.count && words?.first?.isEmpty == false ? words : nil
        }
    }

    /// Warnings about configured agents that are ignored: the hub asks only for agents that it knows, and
    /// others have to be in the table.
    var unusedOfAgents: [String] {
        let known = Agent.allCases.map(\.rawValue)
        let unknown = [Key.acpAgents, .agentPrograms].flatMap { key in
            (object(key) ?? [:]).keys.filter { !known.contains($0) }.sorted().map {
                "\(key.rawValue) in settings.json names \($0.visible), which is no agent, and is not used; "
                    + "the agents are \(known.joined(separator: ", "))"
            }
        }
        let usable = acpAgents
        let unusable = (object(.acpAgents) ?? [:]).keys.filter { known.contains($0) && usable[$0] == nil }
        return unknown
            + unusable.sorted().map {
                "\(Key.acpAgents.rawValue) in settings.json has no list of words for \($0), the program "
                    + "first, and is not used"
            }
    }

    /// The machine's id, created and stored if there is none yet.
    package static func machineID(_ home: RunnerHome) throws(SettingsError) -> String {
        if let id = try read(home).machineID { return id }
        let settings = try update(home) { settings in
            if settings.machineID == nil { settings.machineID = newID() }
        }
        guard let id = settings.machineID else {
            throw SettingsError(path: home.settings, reason: "the machine id was not stored")
        }
        return id
    }

    /// The raw value of a key.
    package subscript(_ key: Key) -> JSONValue? { members[key.rawValue] }

    /// Reads the file; empty if there is none. Throws if it cannot be parsed.
    package static func read(_ home: RunnerHome) throws(SettingsError) -> Settings {
        guard let bytes = readFile(home.settings) else {
            if errno == ENOENT { return Settings([:]) }
            throw SettingsError(path: home.settings, reason: errorText(errno))
        }
        do {
            guard let members = try JSONValue(parsing: bytes).object else {
                throw SettingsError(path: home.settings, reason: "it is not a JSON object")
            }
            return Settings(members)
        } catch let error as SettingsError {
            throw error
        } catch {
            throw SettingsError(
                path: home.settings, reason: "it is not JSON, or a number in it does not fit")
        }
    }

    /// Changes the file under the lock that HAPI's own programs use. An unreadable file is not changed.
    @discardableResult
    package static func update(
        _ home: RunnerHome, _ change: (inout Settings) -> Void
    ) throws(SettingsError) -> Settings {
        let lock = try SettingsLock(home.settings)
        defer { lock.release() }
        var settings = try read(home)
        change(&settings)
        CrashPoint.reached("settings-locked")
        do {
            try replaceFile(
                home.settings, with: JSON.encode(JSONValue.object(settings.members), pretty: true) + [0x0a])
        } catch {
            throw SettingsError(path: home.settings, reason: "\(error)")
        }
        return settings
    }
}

/// Why `settings.json` could not be used.
package struct SettingsError: Error, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String { "cannot use the settings in \(path): \(reason)" }
}

/// HAPI's lock on `settings.json`: a directory beside it, stale after 30 s without a new
/// modification time (hub contract §1.3).
private struct SettingsLock: ~Copyable {
    private let path: String

    init(_ settings: String) throws(SettingsError) {
        path = "\(settings).hapi.lock"
        for _ in 0..<50 {
            if mkdir(path, 0o700) == 0 { return }
            guard errno == EEXIST else { throw SettingsError(path: settings, reason: errorText(errno)) }
            if Self.isStale(path) { rmdir(path) } else { usleep(100_000) }
        }
        throw SettingsError(
            path: settings,
            reason: "\(path) has been held for 5 s. A lock left by a killed program is ignored after 30 s; "
                + "remove it if no program uses it")
    }

    func release() { rmdir(path) }

    private static func isStale(_ path: String) -> Bool {
        var status = stat()
        guard stat(path, &status) == 0 else { return false }
        // A lock with a future time dates from before the clock was set back.
        return (Int64(time(nil)) &- Int64(status.st_mtim.tv_sec)).magnitude > 30
    }
}
