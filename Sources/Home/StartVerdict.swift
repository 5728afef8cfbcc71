import HubClient
import Processes
import RunnerStore

/// What a start does if a runner is already running.
///
/// Only another version, or an identity that was set explicitly (environment, settings), replaces a running
/// runner; a default of this shell does not.
package enum StartVerdict: Equatable, Sendable {
    /// - Parameter aside: a note on how the running runner differs from this shell's defaults, if it does.
    case keep(aside: String?)
    case replace(because: String)

    package static func judge(
        version: String, state: StateFile?, own: String, _ configuration: Configuration
    ) -> StartVerdict {
        guard version == own else { return .replace(because: "it is version \(version), this is \(own)") }
        // Without the state file its identity is unknown, which is no reason to replace it.
        guard let state else { return .keep(aside: nil) }
        let wanted = RunnerIdentity(configuration, machineID: state.startedWithMachineId ?? "")
        let url = configuration.hubURL
        let used = state.startedWithApiUrl ?? "none"
        if configuration.states.hubURL, state.startedWithApiUrl != url {
            return .replace(because: "it uses hub \(used); this shell says \(url)")
        }
        if configuration.states.token, state.startedWithCliApiTokenHash != wanted.tokenHash {
            return .replace(because: "it uses another token")
        }
        if configuration.states.extraHeaders, state.startedWithExtraHeadersHash != wanted.extraHeadersHash {
            return .replace(because: "it sends other extra headers")
        }
        guard state.startedWithApiUrl == url else {
            return .keep(aside: "it uses hub \(used); this shell names none, which would be \(url)")
        }
        if state.startedWithCliApiTokenHash != wanted.tokenHash {
            return .keep(aside: "it has a token; this shell has none")
        }
        return .keep(aside: nil)
    }
}
