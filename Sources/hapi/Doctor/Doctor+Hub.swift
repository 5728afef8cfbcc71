import Home
import HubClient
import Processes
import Runner
import RunnerStore
import SessionProcess

extension Doctor {
    func hubFindings(_ configuration: Configuration) async -> [Finding] {
        guard let hub = configuration.hub else {
            return [.note("hub", "local only: no token is configured", "hapi auth login")]
        }
        var found: [Finding] = []
        do {
            let name = try await HubREST.check(configuration) ?? configuration.host
            found.append(.good("hub", "\(hub.url) takes the token; this machine is \(name)"))
        } catch let error as HubError {
            found.append(Self.finding(error, hub))
        } catch {
            found.append(.bad("hub", "\(error)", "hapi auth login"))
        }
        found += proxyFindings(hub) + runnerHubFindings(hub)
        if hub.url.hasPrefix("http://"), !hub.url.hasPrefix("http://localhost"),
            !hub.url.hasPrefix("http://127.")
        {
            found.append(
                .note("hub", "the token goes to \(hub.url) unencrypted", "hapi auth login --hub https://…"))
        }
        return found
    }

    static func finding(_ error: HubError, _ hub: Hub) -> Finding {
        switch error.cause {
        case .refused: .bad("token", "\(error)", "hapi auth login")
        case .unavailable: .bad("hub", "\(error)", "curl -sS \(hub.url)/health")
        case .untrusted:
            .bad("certificate", "\(error)", "set NODE_EXTRA_CA_CERTS to your authority's certificates")
        case .notFound, .unexpected: .bad("hub", "\(error); is it a hub?", "hapi auth login --hub URL")
        }
    }

    private func proxyFindings(_ hub: Hub) -> [Finding] {
        let names = ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"]
        guard let name = names.first(where: { environment[$0].map { !$0.isEmpty } ?? false }) else {
            return []
        }
        return [.note("proxy", "\(name) is set; the hub is reached directly, not through it")]
    }

    /// The running runner may have been started as somebody else.
    private func runnerHubFindings(_ hub: Hub) -> [Finding] {
        guard let runner = presence.runner else { return [] }
        switch runner.hubState {
        case .connected where runner.hubURL == hub.url:
            return [.good("connection", "the runner is connected")]
        case .connected:
            return [
                .note(
                    "connection",
                    "the runner uses hub \(runner.hubURL ?? "none"); this shell says \(hub.url)",
                    "hapi runner start --replace")
            ]
        case .disabled:
            return [.bad("connection", "the runner was started without a token", "hapi runner start")]
        case .connecting:
            return [.bad("connection", "the runner is not connected: \(runner.hubDetail ?? "trying")", nil)]
        case .unauthorized:
            return [
                .bad("connection", "the hub refuses the runner: \(runner.hubDetail ?? "")", "hapi auth login")
            ]
        }
    }
}
