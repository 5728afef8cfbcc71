import Glibc
import HubClient
import HubProtocol
import Processes
import RunnerStore

/// The bodies of the control server's requests and answers (their names are part of its contract).
package enum ControlMessages {
    /// The longest id that is kept of a request or a session, in bytes.
    package static let longestID = 256
    /// What the commands call themselves to the control server: a spawn or a stop of theirs is the shell's.
    package static let commandAgent = "hapi-command"

    package struct SessionStarted: Codable {
        package struct Metadata: Codable {
            package var hostPid: Int32
            package var startedBy: String?
            package var path: String?
            package var flavor: String?
        }
        package var sessionId: String
        package var metadata: Metadata

        /// What no path and no id can be, in words; nil if there is nothing of the kind.
        package var problem: String? {
            let texts = [
                ("sessionId", sessionId), ("metadata.path", metadata.path ?? ""),
                ("metadata.flavor", metadata.flavor ?? ""), ("metadata.startedBy", metadata.startedBy ?? ""),
            ]
            if let holder = texts.first(where: { $0.1.utf8.contains(0) }) {
                return "\(holder.0): holds a NUL character"
            }
            return excess.map { "\($0): too long" }
        }

        /// The field that is longer than what is kept of one; nil if none is.
        package var excess: String? {
            let bounds = [
                ("sessionId", sessionId, longestID),
                ("metadata.flavor", metadata.flavor ?? "", longestID),
                ("metadata.path", metadata.path ?? "", Int(PATH_MAX)),
            ]
            return bounds.first { $0.1.utf8.count > $0.2 }?.0
        }
    }

    package struct Status: Codable {
        package var status: String

        package init(status: String) {
            self.status = status
        }
    }

    package struct SessionList: Codable {
        package struct Child: Codable {
            package var startedBy: String
            package var happySessionId: String
            package var pid: Int32

            package init(startedBy: String, happySessionId: String, pid: Int32) {
                self.startedBy = startedBy
                self.happySessionId = happySessionId
                self.pid = pid
            }
        }
        package var children: [Child]

        package init(children: [Child]) {
            self.children = children
        }
    }

    /// A runner that is stopped for another to start says `replaced`; without a reason it is a stop.
    package struct Stop: Codable {
        package var reason: String?

        package init(reason: String? = nil) {
            self.reason = reason
        }
    }

    package struct StopSession: Codable {
        package var sessionId: String

        package init(sessionId: String) {
            self.sessionId = sessionId
        }
    }

    package struct StopSessionAnswer: Codable {
        /// HAPI's own runner does not say.
        package var success: Bool?
        package var status: String

        package init(success: Bool, status: String) {
            self.success = success
            self.status = status
        }
    }

    /// A spawn request: the hub's parameters, and an id that makes a repeated one harmless.
    package struct SpawnSession: Codable {
        package var requestId: String?
        package var parameters: SpawnParameters

        private enum CodingKeys: CodingKey { case requestId }

        package init(requestId: String?, parameters: SpawnParameters) {
            self.requestId = requestId
            self.parameters = parameters
        }

        package init(from decoder: any Decoder) throws {
            parameters = try SpawnParameters(from: decoder)
            requestId = try decoder.container(keyedBy: CodingKeys.self).decodeIfPresent(
                String.self, forKey: .requestId)
        }

        package func encode(to encoder: any Encoder) throws {
            try parameters.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(requestId, forKey: .requestId)
        }
    }

    package struct SpawnAnswerBody: Codable {
        package var success: Bool
        package var sessionId: String?
        package var approvedNewDirectoryCreation: Bool?
        package var requiresUserApproval: Bool?
        package var actionRequired: String?
        package var directory: String?
        package var error: String?

        package init(
            success: Bool, sessionId: String? = nil, approvedNewDirectoryCreation: Bool? = nil,
            requiresUserApproval: Bool? = nil, actionRequired: String? = nil, directory: String? = nil,
            error: String? = nil
        ) {
            self.success = success
            self.sessionId = sessionId
            self.approvedNewDirectoryCreation = approvedNewDirectoryCreation
            self.requiresUserApproval = requiresUserApproval
            self.actionRequired = actionRequired
            self.directory = directory
            self.error = error
        }
    }

    package struct Failure: Codable {
        package var error: String

        package init(error: String) {
            self.error = error
        }
    }
}
