import Glibc
import Processes

/// The user's home directory, for `~`.
package enum UserHome {
    /// `HOME`, or the home directory in the user database if it is unset, passwd(5).
    package static func path(_ environment: [String: String]) throws(ConfigurationError) -> String {
        if let home = environment.stated(.home) { return home }
        if let home = recorded(of: getuid()) { return home }
        throw ConfigurationError(
            variable: Variable.home.rawValue,
            problem: "is not set, and the user database knows no home directory of user \(getuid())",
            needed: "HOME or HAPI_HOME")
    }

    /// Replaces a leading `~`. `~name` is left unchanged.
    package static func expand(
        _ path: String, _ environment: [String: String]
    ) throws(ConfigurationError) -> String {
        let bytes = path.utf8
        guard bytes.first == UInt8(ascii: "~"),
            bytes.count == 1 || bytes.dropFirst().first == UInt8(ascii: "/")
        else { return path }
        let home = try Self.path(environment)
        return home == "/" && bytes.count > 1 ? String(path.dropFirst()) : home + path.dropFirst()
    }

    private static func recorded(of user: uid_t) -> String? {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        var buffer = [CChar](repeating: 0, count: 16_384)
        guard getpwuid_r(user, &entry, &buffer, buffer.count, &found) == 0, found != nil,
            let directory = entry.pw_dir
        else { return nil }
        let path = String(systemText: directory)
        return path.hasPrefix("/") ? path : nil
    }
}
