/// The answers of the machine-scoped methods (hub contract §5).
public enum MachineRPCMessages {
    public struct SpawnAnswer: Codable, Sendable {
        public var type: String
        public var sessionId: String?
        public var directory: String?
        public var errorMessage: String?

        public static func success(_ sessionId: String) -> SpawnAnswer {
            SpawnAnswer(type: "success", sessionId: sessionId)
        }

        public static func approval(_ directory: String) -> SpawnAnswer {
            SpawnAnswer(type: "requestToApproveDirectoryCreation", directory: directory)
        }

        public static func error(_ message: String) -> SpawnAnswer {
            SpawnAnswer(type: "error", errorMessage: message)
        }
    }

    public struct StopSession: Decodable, Sendable {
        public var sessionId: String?
    }

    public struct StopAnswer: Encodable, Sendable {
        public var status: String

        public init(status: String) { self.status = status }
    }

    public struct Message: Encodable, Sendable {
        public var message: String

        public init(message: String) { self.message = message }
    }

    public struct PathExists: Decodable, Sendable {
        public var paths: [String]
    }

    public struct PathExistsAnswer: Encodable, Sendable {
        public var exists: [String: Bool]

        public init(exists: [String: Bool]) { self.exists = exists }
    }

    public struct ListDirectory: Decodable, Sendable {
        public var path: String?
        public var includeHidden: Bool?
    }

    public struct DirectoryEntry: Encodable, Sendable {
        public var name: String
        /// `file`, `directory` or `other`.
        public var type: String
        public var size: Int64?
        /// In milliseconds since 1970.
        public var modified: Double?
        public var isGitRepo: Bool

        public init(name: String, type: String, size: Int64?, modified: Double?, isGitRepo: Bool) {
            self.name = name
            self.type = type
            self.size = size
            self.modified = modified
            self.isGitRepo = isGitRepo
        }
    }

    public struct DirectoryListing: Encodable, Sendable {
        public var success: Bool
        public var entries: [DirectoryEntry]?
        public var error: String?

        public init(entries: [DirectoryEntry]) {
            success = true
            self.entries = entries
        }

        public init(error: String) {
            success = false
            self.error = error
        }
    }

    public struct CursorStore: Encodable, Sendable {
        public var onDisk: Bool
        public var store: String?

        public static let none = CursorStore(onDisk: false, store: nil)

        private enum CodingKeys: CodingKey { case onDisk, store }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(onDisk, forKey: .onDisk)
            try container.encode(store, forKey: .store)
        }
    }
}
