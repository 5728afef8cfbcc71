import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

extension Doctor {
    func systemFindings() -> [Finding] { [kernelFinding(), descriptorFinding(), limitFinding()] }

    /// Missing limits are only noted: sessions work without them.
    private func limitFinding() -> Finding {
        if let obstacle = SessionLimits.obstacle(environment) {
            return .note("spawn limits", "--memory and --cpus cannot be used: \(obstacle)")
        }
        return .good("spawn limits", "--memory and --cpus can be used")
    }

    private func kernelFinding() -> Finding {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: names.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let process = ProcessTable.identity(of: getpid()).flatMap(ProcessDescriptor.init)
        return process != nil
            ? .good("kernel", "Linux \(release)")
            : .bad("kernel", "Linux \(release) has no pidfd_open; 5.3 or newer is needed", nil)
    }

    private func descriptorFinding() -> Finding {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let text = "\(limit.rlim_max > 1 << 40 ? "any number of" : "up to \(limit.rlim_max)") open files"
        return limit.rlim_max >= 4096
            ? .good("limits", text)
            : .bad(
                "limits", "\(text): each session takes two",
                "ulimit -Hn 65536, or LimitNOFILE= in the service")
    }

    func serviceFindings() -> [Finding] {
        let installed = ServiceUnit.all(environment).filter(\.isInstalled)
        guard let unit = installed.first else {
            return [
                .note(
                    "service", "not installed: the runner does not start at login or boot",
                    "hapi service install")
            ]
        }
        var found: [Finding] = []
        let text = unit.text ?? ""
        if !text.contains("KillMode=process") {
            found.append(
                .bad(
                    "service",
                    "\(unit.path) lacks KillMode=process: stopping the service would end all sessions",
                    "hapi service install"))
        }
        if let program = unit.program, access(program, X_OK) != 0 {
            found.append(
                .bad("service", "\(program), the program it runs, does not exist", "hapi service install"))
        }
        if !unit.isSystem && !unit.lingers {
            found.append(.note("service", "it starts at login, not at boot", "loginctl enable-linger"))
        }
        if installed.count > 1 {
            found.append(
                .bad("service", "installed for the user and for the system", "hapi service uninstall"))
        }
        return found.isEmpty ? [.good("service", unit.summary)] : found
    }
}
