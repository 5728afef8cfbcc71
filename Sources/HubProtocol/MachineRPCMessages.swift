/// The answers of the machine-scoped methods (hub contract §5).
package enum MachineRPCMessages {
    package struct SpawnAnswer: Codable, Sendable {
        package var type: String
        package var sessionId: String?
        package var directory: String?
        package var errorMessage: String?

        package static func success(_ sessionId: String) -> SpawnAnswer {
            SpawnAnswer(type: "success", sessionId: sessionId)
        }

        package static func approval(_ directory: String) -> SpawnAnswer {
            SpawnAnswer(type: "requestToApproveDirectoryCreation", directory: directory)
        }

        package static func error(_ message: String) -> SpawnAnswer {
            SpawnAnswer(type: "error", errorMessage: message)
        }
    }

    package struct StopSession: Decodable, Sendable {
        package var sessionId: String?
    }

    package struct StopAnswer: Encodable, Sendable {
        package var status: String

        package init(status: String) { self.status = status }
    }

    package struct Message: Encodable, Sendable {
        package var message: String

        package init(message: String) { self.message = message }
    }

    package struct PathExists: Decodable, Sendable {
        package var paths: [String]
    }

    /// The answer to `path-exists`: whether each path exists, with keys told apart by bytes.
    package static func existing(_ paths: [(String, Bool)]) -> JSONValue {
        ["exists": .object(.init(members: paths.map { ($0, .bool($1)) }))]
    }

    package struct ListDirectory: Decodable, Sendable {
        package var path: String?
        package var includeHidden: Bool?
    }

    package struct DirectoryEntry: Encodable, Sendable {
        package var name: String
        /// `file`, `directory` or `other`.
        package var type: String
        package var size: Int64?
        /// In milliseconds since 1970.
        package var modified: Double?
        package var isGitRepo: Bool

        package init(name: String, type: String, size: Int64?, modified: Double?, isGitRepo: Bool) {
            self.name = name
            self.type = type
            self.size = size
            self.modified = modified
            self.isGitRepo = isGitRepo
        }
    }

    package struct DirectoryListing: Encodable, Sendable {
        package var success: Bool
        package var entries: [DirectoryEntry]?
        package var error: String?

        package init(entries: [DirectoryEntry]) {
            success = true
            self.entries = entries
        }

        package init(error: String) {
            success = false
            self.error = error
        }
    }

    package struct CursorStore: Encodable, Sendable {
        package var onDisk: Bool
        package var store: String?

        package static let none = CursorStore(onDisk: false, store: nil)

        private enum CodingKeys: CodingKey { case onDisk, store }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(onDisk, forKey: .onDisk)
            try container.encode(store, forKey: .store)
        }
    }
}
