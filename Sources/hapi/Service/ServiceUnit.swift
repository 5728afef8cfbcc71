import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

/// The systemd unit of the runner: its location and contents.
struct ServiceUnit {
    static let name = "hapi-runner.service"

    /// Whether it is a system unit, not a user's.
    let isSystem: Bool
    let path: String
    private let folder: String

    /// - Parameter environment: determines where the user's units are.
    init(isSystem: Bool, _ environment: [String: String]) {
        self.isSystem = isSystem
        let home = environment["HOME"] ?? "/root"
        let own = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "\(home)/.config"
        // Only set by tests.
        let system = environment["HAPI_SYSTEMD_SYSTEM_DIR"] ?? "/etc/systemd/system"
        folder = isSystem ? system : "\(own)/systemd/user"
        path = "\(folder)/\(Self.name)"
    }

    static func all(_ environment: [String: String]) -> [ServiceUnit] {
        [false, true].map { ServiceUnit(isSystem: $0, environment) }
    }

    var isInstalled: Bool { access(path, F_OK) == 0 }

    var text: String? { isInstalled ? LogText.tail(of: path, bytes: 1 << 16) : nil }

    /// Whether it starts automatically.
    var isEnabled: Bool {
        let target = isSystem ? "multi-user" : "default"
        var status = stat()
        return lstat("\(folder)/\(target).target.wants/\(Self.name)", &status) == 0
    }

    /// Whether the user's services run without a login, loginctl(1).
    var lingers: Bool {
        guard let user = getpwuid(getuid()) else { return false }
        return access("/var/lib/systemd/linger/\(String(cString: user.pointee.pw_name))", F_OK) == 0
    }

    /// `systemd (user), starts at boot`.
    var summary: String {
        let start = !isEnabled ? "not enabled" : isSystem || lingers ? "starts at boot" : "starts at login"
        return "systemd (\(isSystem ? "system" : "user")), \(start)"
    }

    /// The program in the unit; nil if there is none.
    var program: String? {
        let line = text?.split(separator: "\n").first { $0.hasPrefix("ExecStart=") }
        guard let value = line?.dropFirst("ExecStart=".count) else { return nil }
        guard value.hasPrefix("\"") else { return value.split(separator: " ").first.map(String.init) }
        return String(value.dropFirst().prefix { $0 != "\"" })
    }

    /// The unit that runs the runner of a home; nil if there is none.
    static func inCharge(of home: RunnerHome, _ environment: [String: String]) -> ServiceUnit? {
        all(environment).first { unit in
            guard let text = unit.text else { return false }
            let line = ServicePlan.homeLine(home.path)
            guard !text.contains("Environment=HAPI_HOME=") && !text.contains("Environment=\"HAPI_HOME=")
            else {
                return text.split(separator: "\n").contains { $0 == line }
            }
            return home.path == "\(environment["HOME"] ?? "")/.hapi"
        }
    }

    /// `--user`, or nothing.
    var scope: [String] { isSystem ? [] : ["--user"] }
}

/// The contents of a unit file.
struct ServicePlan: Equatable {
    var program: String
    var roots: [String] = []
    /// `HAPI_HOME`, if it is not the default.
    var home: String?
    /// The user of a system service; nil for a user's own.
    var user: String?

    /// The unit file, systemd.service(5).
    var text: String {
        let command =
            [program, "runner", "start-sync"] + roots.flatMap { ["--workspace-root", $0] }
        var service = ["ExecStart=" + command.map(Self.quoted).joined(separator: " ")]
        if let home { service.append(Self.homeLine(home)) }
        service += [
            "Environment=HAPI_RUNNER_SUPERVISED=1",
            // Stops only the runner, so that sessions survive it.
            "KillMode=process", "Restart=on-failure", "RestartSec=5",
            // 64 wrong usage, 75 another runner has this home: a restart would fail again.
            "RestartPreventExitStatus=64 75", "LimitNOFILE=65536",
        ]
        if let user { service.append("User=\(user)") }
        let unit =
            user == nil
            ? ["Description=HAPI runner"]
            : ["Description=HAPI runner", "Wants=network-online.target", "After=network-online.target"]
        return """
            [Unit]
            \(unit.joined(separator: "\n"))

            [Service]
            \(service.joined(separator: "\n"))

            [Install]
            WantedBy=\(user == nil ? "default" : "multi-user").target

            """
    }

    static func homeLine(_ home: String) -> String {
        "Environment=" + quoted("HAPI_HOME=\(home)", expands: false)
    }

    /// A word of a unit file, quoted if necessary, with systemd's specifiers escaped.
    static func quoted(_ word: String, expands: Bool) -> String {
        var text = ""
        for character in word {
            switch character {
            case "\\": text += "\\\\"
            case "\"": text += "\\\""
            case "%": text += "%%"
            case "$" where expands: text += "$$"
            default: text.append(character)
            }
        }
        let isPlain =
            !word.isEmpty && word.allSatisfy { $0.isLetter || $0.isNumber || "/._-=:,+@".contains($0) }
        return isPlain ? text : "\"\(text)\""
    }

    private static func quoted(_ word: String) -> String { quoted(word, expands: true) }
}
