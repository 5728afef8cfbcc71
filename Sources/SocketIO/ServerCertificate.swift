import NIOCore
import NIOSSL

/// The last word on the name in a server's certificate, before anything is sent.
///
/// The TLS library verifies the chain and the name, but to a connection made by host name it also accepts a
/// certificate for the *address* it was led to: whoever forges a DNS answer and holds a certificate for an address
/// of his own would pass. So the name itself must be found here.
package enum ServerCertificate {
    /// For a connection to this URL that another library has made: throws unless its certificate names the host.
    /// On the connection's event loop.
    package static func check(in pipeline: ChannelPipeline.SynchronousOperations, of url: String) throws {
        try check(pipeline.nioSSL_peerCertificate(), for: Endpoint(url: url))
    }

    /// For a host given as an address the library's check of the address stands.
    static func check(_ certificate: NIOSSLCertificate?, for endpoint: Endpoint) throws {
        guard let certificate else { throw NIOSSLError.noCertificateToValidate }
        if endpoint.isAddress { return }
        let names = certificate._subjectAlternativeNames()
        let dnsNames = names.filter { $0.nameType == .dnsName }.map {
            String(decoding: $0.contents, as: UTF8.self)
        }
        // Without any alternative name the library has compared the common name.
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
