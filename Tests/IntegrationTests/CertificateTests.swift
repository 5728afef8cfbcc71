import RunnerTestSupport
import Testing

/// Hubs with TLS: an untrusted certificate is reported, and nothing is sent to the hub.
@Suite(.serialized) struct CertificateTests {
    /// The hub's address and its certificate.
    struct Case: Sendable, CustomTestStringConvertible {
        var host = "localhost"
        var names = "DNS:localhost,IP:127.0.0.1"
        var from = "20250101000000Z"
        var to = "20490101000000Z"
        /// Whether the runner trusts the authority that signed it.
        var isKnown = true
        var isItsOwnAuthority = false
        let testDescription: String
    }

    @Test(arguments: [
        Case(testDescription: "a name among several"),
        Case(names: "DNS:localhost", testDescription: "a name alone"),
        Case(host: "127.0.0.1", names: "IP:127.0.0.1", testDescription: "an address"),
    ])
    func aHubThatProvesItselfIsConnected(hub case: Case) async throws {
        try await start(`case`) { home, _, _ in
            try await eventually("the connection") {
                try await home.status().runner?.hubState == "connected"
            }
        }
    }

    private static let untrusted =
        "the server's certificate is not trusted (unknown authority, expired, or not yet valid)"

    @Test(arguments: [
        (Case(isKnown: false, testDescription: "of an unknown authority"), untrusted),
        (Case(to: "20250201000000Z", testDescription: "expired"), untrusted),
        (Case(from: "20480101000000Z", testDescription: "not yet valid"), untrusted),
        (Case(isKnown: false, isItsOwnAuthority: true, testDescription: "signed by itself"), untrusted),
        (
            Case(names: "DNS:other.example,DNS:*.localhost", testDescription: "for another name"),
            "the server's certificate is not valid for localhost"
        ),
        (
            Case(
                names: "IP:127.0.0.1,IP:::1", testDescription: "for the address alone, where a name is called"
            ),
            "the server's certificate is not valid for localhost"
        ),
        (
            Case(
                host: "127.0.0.1", names: "DNS:localhost,IP:127.0.0.2", testDescription: "for another address"
            ),
            "the server's certificate is not valid for 127.0.0.1"
        ),
    ])
    func aHubThatDoesNotProveItselfIsToldAndSentNothing(hub case: Case, reason: String) async throws {
        try await start(`case`) { home, hub, url in
            try await expectTold(reason, at: url, home)
            #expect(try await hub.state()["requests"] == [])
        }
    }

    @Test func aHubWithoutTLSIsToldFromOneThatIsNotTrusted() async throws {
        try await TestHub.with { hub in
            let url = "https://127.0.0.1:\(hub.port)"
            try await TestHome.with(hub, ["HAPI_API_URL": url]) { home in
                let started = try await home.hapi("runner", "start")
                #expect(
                    started.status == 0 && started.output.contains("cannot be reached; retrying"),
                    "\(started)")
                let words = try await expectTold("the server does not speak TLS on this port", at: url, home)
                #expect(started.errors.contains(words), "\(started)")
            }
        }
    }

    @Test func authoritiesThatCannotBeReadAreNamed() async throws {
        try await TestHub.with { hub in
            try await TestHome.with(hub, ["NODE_EXTRA_CA_CERTS": "/nowhere/ca.pem"]) { home in
                try await home.startRunner([:], ["--no-wait"])
                try await eventually("the words for it") {
                    try await home.hapi("runner", "status").output.contains(
                        "NODE_EXTRA_CA_CERTS is '/nowhere/ca.pem'")
                }
                #expect(try await home.control().post("list").status == 200)
            }
        }
    }

    /// Expects the action, the hub, the cause and a hint, in the status and in the log.
    @discardableResult
    private func expectTold(_ reason: String, at url: String, _ home: TestHome) async throws -> String {
        let words = "cannot register this machine at \(url): \(reason); `openssl s_client"
        let status = try await eventually("why there is no hub") {
            let status = try await home.hapi("runner", "status").output
            return status.contains("cannot") ? status : nil
        }
        for text in [status, home.logText] {
            #expect(text.contains(words) && text.contains("NODE_EXTRA_CA_CERTS="), "\(text)")
        }
        #expect(try await home.control().post("list").status == 200)
        return words
    }

    /// Starts a runner with such a hub.
    private func start(
        _ kind: Case, _ body: (TestHome, TestHub, _ url: String) async throws -> Void
    ) async throws {
        try await TestHome.with { home in
            try await makeCertificate(kind, home)
            let tls = ["--tls-cert", "\(home.root)/cert.pem", "--tls-key", "\(home.root)/key.pem"]
            try await TestHub.with(tls) { hub in
                let url = "https://\(kind.host):\(hub.port)"
                let authority = kind.isKnown ? home.root + "/ca.pem" : ""
                try await home.startRunner(
                    ["HAPI_API_URL": url, "CLI_API_TOKEN": hub.token, "NODE_EXTRA_CA_CERTS": authority],
                    ["--no-wait"])
                try await body(home, hub, url)
            }
        }
    }

    /// Creates `cert.pem` and `key.pem`, and `ca.pem` of the authority that signed it.
    private func makeCertificate(_ kind: Case, _ home: TestHome) async throws {
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
        let script = """
            set -e
            cat > ca.cnf <<END
            [ca]
            default_ca = authority
            [authority]
            new_certs_dir = .
            database = index
            rand_serial = yes
            default_md = sha256
            policy = anything
            x509_extensions = extensions
            [anything]
            commonName = supplied
            [extensions]
            subjectAltName = \(kind.names)
            extendedKeyUsage = serverAuth
            END
            : > index
            openssl req -x509 \(key) -keyout ca.key -out ca.pem -subj "/CN=Test authority" -days 2
            openssl req \(key) -keyout key.pem -out request.pem -subj "/CN=Test hub"
            openssl ca -batch -config ca.cnf -cert ca.pem -keyfile \(kind.isItsOwnAuthority ? "key.pem -selfsign" : "ca.key") \\
                -startdate \(kind.from) -enddate \(kind.to) -in request.pem -out cert.pem -notext
            """
        let child = try home.start(["/bin/sh", "-c", script])
        try #require(await child.ended() == 0, "\(child.errors)")
    }
}
