import NIOCore
import NIOSSL

/// Verifies the host name in a server's certificate before anything is sent.
///
/// The TLS library verifies the chain and the name, but for a connection by host name it also accepts a
/// certificate for the *IP address* it connected to: an attacker who forges DNS and owns a certificate for
/// their address would pass. So the host name itself must be in the certificate.
package enum ServerCertificate {
    /// For a connection to this URL made by another library. Throws unless the certificate names the host.
    /// Call it on the connection's event loop.
    package static func check(in pipeline: ChannelPipeline.SynchronousOperations, of url: String) throws {
        try check(pipeline.nioSSL_peerCertificate(), for: Endpoint(url: url))
    }

    /// For a host given as an IP address, the library's check is sufficient.
    static func check(_ certificate: NIOSSLCertificate?, for endpoint: Endpoint) throws {
        guard let certificate else { throw NIOSSLError.noCertificateToValidate }
        if endpoint.isAddress { return }
        let names = certificate._subjectAlternativeNames()
        let dnsNames = names.filter { $0.nameType == .dnsName }.map {
            String(decoding: $0.contents, as: UTF8.self)
        }
        // Without any alternative name, the library has compared the common name.
        guard names.isEmpty || dnsNames.contains(where: { CertificateName.matches($0, host: endpoint.host) })
        else {
            throw NIOSSLExtraError.failedToValidateHostname
        }
    }
}

/// How a DNS name in a certificate covers a host name (RFC 6125): equal, or `*.` for exactly one label.
enum CertificateName {
    static func matches(_ name: String, host: String) -> Bool {
        let name = labels(of: name)
        let host = labels(of: host)
        guard name.count == host.count, !host.contains("") else { return false }
        if name.first == "*" { return name.count > 2 && name.dropFirst() == host.dropFirst() }
        return name == host
    }

    private static func labels(of name: String) -> [String] {
        let name = name.hasSuffix(".") ? String(name.dropLast()) : name
        return name.lowercased().split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    }
}
