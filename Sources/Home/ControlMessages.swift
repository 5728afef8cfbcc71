import Glibc
import HubClient
import HubProtocol
import Processes
import RunnerStore

/// The bodies of the control server's requests and answers. Their names are part of its contract.
package enum ControlMessages {
    /// Maximum length of a request's or a session's id, in bytes.
    package static let longestID = 256
    /// The user agent of our commands, which marks a spawn or a stop as coming from the shell.
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

        /// Why a path or an id is invalid; nil if none is.
        package var problem: String? {
            let texts = [
                ("sessionId", sessionId), ("metadata.path", metadata.path ?? ""),
                ("metadata.flavor", metadata.flavor ?? ""), ("metadata.startedBy", metadata.startedBy ?? ""),
            ]
            if let holder = texts.first(where: { $0.1.utf8.contains(0) }) {
                return "\(holder.0): contains a NUL character"
            }
            return excess.map { "\($0): too long" }
        }

        /// The first field that exceeds its maximum length; nil if none does.
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

    /// `reason` is `replaced` if the runner is stopped for another to start; nil for a plain stop.
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
        /// nil from HAPI's own runner.
        package var success: Bool?
        package var status: String

        package init(success: Bool, status: String) {
            self.success = success
            self.status = status
        }
    }

    /// A spawn request: the hub's parameters, and an id that makes it safe to repeat.
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
