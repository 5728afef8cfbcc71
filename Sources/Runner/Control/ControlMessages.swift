import Glibc
import HubProtocol

/// The bodies of the control server's requests and answers (their names are part of its contract).
enum ControlMessages {
    struct SessionStarted: Codable {
        struct Metadata: Codable {
            var hostPid: Int32
            var startedBy: String?
            var path: String?
            var flavor: String?
        }
        var sessionId: String
        var metadata: Metadata

        /// The field that is longer than what is kept of one; nil if none is.
        var excess: String? {
            let bounds = [
                ("sessionId", sessionId, SpawnRequest.longestID),
                ("metadata.flavor", metadata.flavor ?? "", SpawnRequest.longestID),
                ("metadata.path", metadata.path ?? "", Int(PATH_MAX)),
            ]
            return bounds.first { $0.1.utf8.count > $0.2 }?.0
        }
    }

    struct Status: Codable {
        var status: String
    }

    struct SessionList: Codable {
        struct Child: Codable {
            var startedBy: String
            var happySessionId: String
            var pid: Int32
        }
        var children: [Child]
    }

    /// A runner that is stopped for another to start says `replaced`; without a reason it is a stop.
    struct Stop: Codable {
        var reason: String?
    }

    struct StopSession: Codable {
        var sessionId: String
    }

    struct StopSessionAnswer: Codable {
        var success: Bool
        var status: String
    }

    /// A spawn request: the hub's parameters, and an id that makes a repeated one harmless.
    struct SpawnSession: Codable {
        var requestId: String?
        var parameters: SpawnParameters

        private enum CodingKeys: CodingKey { case requestId }

        init(requestId: String?, parameters: SpawnParameters) {
            self.requestId = requestId
            self.parameters = parameters
        }

        init(from decoder: any Decoder) throws {
            parameters = try SpawnParameters(from: decoder)
            requestId = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
                String.self, forKey: .requestId)
        }

        func encode(to encoder: any Encoder) throws {
            try parameters.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(requestId, forKey: .requestId)
        }
    }

    struct SpawnAnswerBody: Codable {
        var success: Bool
        var sessionId: String?
        var approvedNewDirectoryCreation: Bool?
        var requiresUserApproval: Bool?
        var actionRequired: String?
        var directory: String?
        var error: String?
    }

    struct Failure: Codable {
        var error: String
    }
}
