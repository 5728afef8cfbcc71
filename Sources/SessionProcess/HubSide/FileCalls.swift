import FoundationEssentials
import Glibc
import Home
import HubProtocol
import Processes

/// The hub's calls on files in a session's directory (hub contract §7.9). Never reads outside that directory,
/// even through symbolic links.
struct FileCalls: Sendable {
    static let methods = [
        "readFile", "listDirectory", "statFiles", "uploadFile", "deleteUpload", "readGeneratedImage",
    ]

    /// In bytes. The answer is base64, and the hub accepts 48 MiB.
    private static let largestFile = 32 << 20
    private static let largestUpload = 50 << 20

    /// The session's directory.
    let root: String
    /// The directory for attachments.
    let uploads: String

    func answer(_ method: String, _ given: JSONValue) async -> JSONValue {
        guard method != "readGeneratedImage" else { return Self.failure("there is no such image") }
        // On a separate thread, because a file system may hang.
        let answer = await BlockingWork.run { () -> JSONValue in
            do {
                switch method {
                case "readFile": return try read(given["path"]?.string ?? "")
                case "listDirectory": return try list(given["path"]?.string ?? "")
                case "statFiles": return statuses(of: given["paths"]?.array?.compactMap(\.string) ?? [])
                case "uploadFile": return try upload(given)
                case "deleteUpload": return try delete(given["path"]?.string ?? "")
                default: return ["error": "Method not found"]
                }
            } catch {
                return Self.failure("\(error)")
            }
        }
        return answer ?? Self.failure("cancelled")
    }

    static func failure(_ reason: String) -> JSONValue { ["success": false, "error": .string(reason)] }

    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    // MARK: Paths

    /// The file's real path. Throws if it is outside the directory.
    func resolved(_ path: String) throws -> String {
        let full = isAbsolute(path) ? path : path.isEmpty ? root : root + "/" + path
        guard let real = realpath(full, nil) else {
            throw Refusal(description: "\(path): \(errorText(errno))")
        }
        defer { free(real) }
        let name = String(systemText: real)
        guard let top = realpath(root, nil) else {
            throw Refusal(description: "\(root): \(errorText(errno))")
        }
        defer { free(top) }
        let folder = String(systemText: top)
        guard lies(name, in: folder) else {
            throw Refusal(description: "Access denied: Path '\(path)' is outside the working directory")
        }
        return name
    }

    private struct Status {
        var isDirectory: Bool
        var isFile: Bool
        var size: Int64
        var modified: Int64

        init?(_ path: String, follows: Bool = true) {
            var status = Glibc.stat()
            guard fstatat(AT_FDCWD, path, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW) == 0 else { return nil }
            isDirectory = status.st_mode & S_IFMT == S_IFDIR
            isFile = status.st_mode & S_IFMT == S_IFREG
            size = Int64(status.st_size)
            modified = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        }
    }

    // MARK: Calls

    private func read(_ path: String) throws -> JSONValue {
        let name = try resolved(path)
        guard let status = Status(name), status.isFile else {
            throw Refusal(description: "\(path) is no file")
        }
        guard status.size <= Self.largestFile else {
            throw Refusal(
                description: "\(path) has \(status.size) bytes; at most \(Self.largestFile) are shown")
        }
        let bytes = try Data(contentsOf: URL(filePath: name))
        return [
            "success": true, "content": .string(bytes.base64EncodedString()),
            "size": .integer(Int64(bytes.count)), "modified": .integer(status.modified),
        ]
    }

    private func list(_ path: String) throws -> JSONValue {
        let folder = try resolved(path)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        let entries = names.compactMap { name -> JSONValue? in
            guard let status = Status(folder + "/" + name, follows: false) else { return nil }
            let type = status.isDirectory ? "directory" : status.isFile ? "file" : "other"
            return [
                "name": .string(name), "type": .string(type), "size": .integer(status.size),
                "modified": .integer(status.modified),
            ]
        }
        return ["success": true, "entries": .array(entries)]
    }

    private func statuses(of paths: [String]) -> JSONValue {
        let entries = paths.prefix(500).map { path -> JSONValue in
            // A file that is missing or may not be read is listed with its path only.
            guard let name = try? resolved(path), let status = Status(name) else {
                return ["path": .string(path)]
            }
            return [
                "path": .string(path), "size": .integer(status.size), "modified": .integer(status.modified),
            ]
        }
        return ["success": true, "entries": .array(entries)]
    }

    private func upload(_ given: JSONValue) throws -> JSONValue {
        guard let content = given["content"]?.string, let bytes = Data(base64Encoded: content) else {
            throw Refusal(description: "the content is no base64")
        }
        guard bytes.count <= Self.largestUpload else {
            throw Refusal(description: "the file is larger than 50 MB")
        }
        try FileManager.default.createDirectory(
            atPath: uploads, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let wanted =
            (given["filename"]?.string ?? "file").split(separator: "/").last.map(String.init) ?? "file"
        // No spaces or special characters, because agents read the path as one word.
        let plain = wanted.unicodeScalars.map {
            $0.properties.isAlphabetic || ("0"..."9").contains($0) || "._-".unicodeScalars.contains($0)
                ? Character($0) : "_"
        }
        let path = "\(uploads)/\(newID().prefix(8))-\(String(plain).suffix(100))"
        try bytes.write(to: URL(filePath: path))
        chmod(path, 0o600)
        return ["success": true, "path": .string(path)]
    }

    private func delete(_ path: String) throws -> JSONValue {
        guard path.hasPrefix(uploads + "/"), !path.contains("/../") else {
            throw Refusal(description: "\(path) is no upload of this session")
        }
        guard unlink(path) == 0 || errno == ENOENT else {
            throw Refusal(description: "cannot delete \(path): \(errorText(errno))")
        }
        return ["success": true]
    }

    func removeUploads() {
        // Fails if nothing was uploaded.
        try? FileManager.default.removeItem(atPath: uploads)
    }
}
