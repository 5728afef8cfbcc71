import Glibc
import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

extension Doctor {
    func systemFindings() -> [Finding] { [kernelFinding(), descriptorFinding()] }

    private func kernelFinding() -> Finding {
        var names = utsname()
        uname(&names)
        let release = withUnsafeBytes(of: names.release) {
            String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
        }
        let process = ProcessTable.identity(of: getpid()).flatMap(ProcessDescriptor.init)
        return process != nil
            ? .good("kernel", "Linux \(release)")
            : .bad("kernel", "Linux \(release) gives no process descriptors; 5.3 or newer is needed", nil)
    }

    private func descriptorFinding() -> Finding {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        let text = "at most \(limit.rlim_max > 1 << 40 ? "any number of" : "\(limit.rlim_max)") open files"
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
                .note("service", "not installed: the runner does not start by itself", "hapi service install")
            ]
        }
        var found: [Finding] = []
        let text = unit.text ?? ""
        if !text.contains("KillMode=process") {
            found.append(
                .bad(
                    "service", "\(unit.path) has no KillMode=process: a stop ends all sessions",
                    "hapi service install"))
        }
        if let program = unit.program, access(program, X_OK) != 0 {
            found.append(.bad("service", "\(program), which it runs, is not there", "hapi service install"))
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
