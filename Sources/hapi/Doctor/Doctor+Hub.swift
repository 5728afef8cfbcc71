import Glibc
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
        async let name = nameFinding(hub)
        async let health = Self.health(hub)
        var found: [Finding] = []
        do {
            let name = try await HubREST.check(configuration) ?? configuration.host
            found.append(.good("hub", "\(hub.url) takes the token; this machine is \(name)"))
        } catch let error as HubError {
            found.append(Self.finding(error, hub))
        } catch {
            found.append(.bad("hub", "\(error)", "hapi auth login"))
        }
        found = [await name].compactMap { $0 } + found
        if let health = await health {
            found += [Self.protocolFinding(health), Self.clockFinding(health, now: time(nil))]
            if let proxy = health.proxy {
                found.append(.good("proxy", "the hub is reached through \(proxy)"))
            }
        }
        found += runnerHubFindings(hub)
        if hub.url.hasPrefix("http://"), !hub.url.hasPrefix("http://localhost"),
            !hub.url.hasPrefix("http://127.")
        {
            found.append(
                .note("hub", "the token goes to \(hub.url) unencrypted", "hapi auth login --hub https://…"))
        }
        return found
    }

    /// nil if the hub does not answer; the attempt with the token reports that in full.
    private static func health(_ hub: Hub) async -> HubHealth? {
        try? await HubREST.with(hub) { rest in try await rest.health() }
    }

    static func protocolFinding(_ health: HubHealth) -> Finding {
        let own = HubHealth.ownProtocolVersion
        switch health.protocolVersion {
        case own: return .good("protocol", "version \(own), as the hub's")
        case nil: return .note("protocol", "the hub does not tell which version it speaks")
        case let other?:
            return .bad(
                "protocol", "the hub speaks version \(other), this program version \(own)",
                other > own ? "upgrade hapi, then: hapi runner restart" : "upgrade the hub")
        }
    }

    /// A minute of difference shows: in the web app's times, and in certificates that are not valid yet.
    static func clockFinding(_ health: HubHealth, now: Int) -> Finding {
        guard let theirs = health.time else { return .note("clock", "the hub does not tell its time") }
        let ahead = Int64(now) - theirs
        guard ahead.magnitude > 60 else { return .good("clock", "agrees with the hub's") }
        let length = Timestamp.length(seconds: Int64(ahead.magnitude))
        return .bad(
            "clock", "this machine's clock is \(length) \(ahead > 0 ? "ahead of" : "behind") the hub's",
            "timedatectl set-ntp true")
    }

    /// Asks the system's resolver, as the runner does; nil if there is no name to resolve.
    private func nameFinding(_ hub: Hub) async -> Finding? {
        guard let host = Self.hostName(hub.url) else { return nil }
        // Without getent, or behind a proxy that resolves names itself, the connection attempt decides.
        guard
            let answer = try? await HelperProcess.run(
                "getent", ["ahosts", host], environment: environment, within: .seconds(5))
        else { return nil }
        let address = answer.output.split(whereSeparator: \.isWhitespace).first.map(String.init)
        if answer.status == 0, let address { return .good("name", "\(host) is \(address)") }
        return .note("name", "\(host) is not known to this machine's resolver", "getent ahosts \(host)")
    }

    /// nil for a numeric address and for this machine.
    static func hostName(_ url: String) -> String? {
        guard let start = url.firstRange(of: "://")?.upperBound else { return nil }
        let authority = url[start...].prefix { !"/?#".contains($0) }
        let host = authority.split(separator: "@").last.map(String.init) ?? ""
        guard !host.hasPrefix("[") else { return nil }
        let name = String(host.prefix { $0 != ":" })
        let isAddress = name.allSatisfy { $0.isNumber || $0 == "." }
        return name.isEmpty || isAddress || name == "localhost" ? nil : name
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

    /// The running runner may have another hub or identity than this shell.
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
            return [.bad("connection", "the runner was started without a token", "hapi runner restart")]
        case .connecting:
            return [
                .bad(
                    "connection", "the runner is not connected: \(runner.hubDetail ?? "still trying")",
                    "hapi runner logs -n 20")
            ]
        case .unauthorized:
            return [
                .bad("connection", "the hub refuses the runner: \(runner.hubDetail ?? "")", "hapi auth login")
            ]
        }
    }
}
