import FoundationEssentials
import HubProtocol
import RunnerTestSupport
import Testing

@testable import Runner

/// `docs/openapi.json` says what the control server does: no route, no status and no field more or less.
@Suite(.serialized) struct OpenAPITests {
    private func document() throws -> JSONValue {
        let bytes = try #require(FileManager.default.contents(atPath: Paths.root + "/docs/openapi.json"))
        return try JSON.decode(JSONValue.self, from: bytes)
    }

    private func operations() throws -> [String: JSONValue] {
        try #require(try document()["paths"]?.object).compactMapValues { $0["post"] }
    }

    private func statuses(_ operation: JSONValue) -> Set<Int> {
        Set((operation["responses"]?.object ?? [:]).keys.compactMap { Int($0) })
    }

    @Test func itHasEveryRouteAndNoOther() throws {
        let served: [ControlEndpoint] = [.sessionStarted, .list, .stopSession, .spawnSession, .stop]
        for endpoint in served {
            // A route more is a case more here, which the compiler asks for.
            switch endpoint {
            case .sessionStarted, .list, .stopSession, .spawnSession, .stop: break
            }
        }
        #expect(try Set(operations().keys) == Set(served.map(\.rawValue)))
        #expect(try document()["paths"]?.object?.values.allSatisfy { $0.object?.count == 1 } == true)
    }

    /// The status lines that the sources can make, by the names NIO has for them.
    private static let codes: [String: Int] = [
        "ok": 200, "badRequest": 400, "forbidden": 403, "notFound": 404, "requestTimeout": 408,
        "conflict": 409,
        "payloadTooLarge": 413, "unsupportedMediaType": 415, "internalServerError": 500,
    ]

    @Test func itHasEveryStatusAndNoOther() throws {
        let folder = Paths.root + "/Sources/Runner/Control"
        var named: Set<String> = []
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let bytes = try #require(FileManager.default.contents(atPath: "\(folder)/\(file)"))
            for match in String(decoding: bytes, as: UTF8.self).matches(
                of:
                    /(?:ControlRefusal\(|ControlRefusal\? \{|\.failure\(|return \.init\(|\),\s+|= )\.([a-z]\w+)\b/
            ) { named.insert(String(match.1)) }
        }
        let known = named.intersection(Self.codes.keys)
        #expect(known.union(["ok"]) == Set(Self.codes.keys), "\(named.sorted())")
        let documented = try operations().values.reduce(into: Set<Int>()) { $0.formUnion(statuses($1)) }
        #expect(documented == Set(Self.codes.values))
    }

    @Test func itHasEveryFieldOfASpawnAndNoOther() throws {
        let schema = try operations()["/spawn-session"]?["requestBody"]?["content"]?["application/json"]?[
            "schema"]
        let documented = Set(try #require(schema?["properties"]?.object).keys)
        let fields = Mirror(reflecting: SpawnParameters(directory: "/")).children.compactMap(\.label)
        #expect(documented == Set(fields + ["requestId"]))
    }

    @Test func whatTheServerAnswersIsWhatItSays() async throws {
        try await TestHome.with { home in
            try await home.startRunner()
            let control = try home.control()
            let large = [UInt8](repeating: UInt8(ascii: " "), count: 2 << 20)
            for (path, operation) in try operations() {
                let name = String(path.dropFirst())
                try await expect(control.send(name, method: "GET"), 404, operation)
                try await expect(control.send(name, headers: ["Origin": "http://a"]), 403, operation)
                try await expect(
                    control.send(name, [0x7b, 0x7d], headers: ["Content-Type": "text/plain"]), 415, operation)
                try await expect(control.send(name, large), 413, operation)
                if !["/list", "/stop"].contains(path) {
                    try await expect(control.send(name, Array("{".utf8)), 400, operation)
                }
            }
            let all = try operations()
            let spawn = try #require(all["/spawn-session"])
            let missing: JSONValue = [
                "directory": .string(home.work + "/new"), "approvedNewDirectoryCreation": false,
            ]
            try await expect(control.post("spawn-session", missing), 409, spawn)
            try await expect(control.post("spawn-session", ["directory": "relative"]), 500, spawn)
            let directory = try home.makeDirectory("work/one")
            try await expect(control.post("spawn-session", ["directory": .string(directory)]), 200, spawn)
            try await expect(control.post("list"), 200, try #require(all["/list"]))
            try await expect(
                control.post("stop-session", ["sessionId": "one"]), 200, try #require(all["/stop-session"]))
            try await expect(control.post("stop"), 200, try #require(all["/stop"]))
            try await eventually("its end") { try await !home.status().running }
        }
    }

    /// That the answer has this status, and the body that is documented for it.
    private func expect(_ answer: ControlPort.Answer, _ status: Int, _ operation: JSONValue) throws {
        #expect(answer.status == status, "\(answer)")
        var response = try #require(operation["responses"]?["\(status)"], "\(status) is not documented")
        if let reference = response["$ref"]?.string { response = try referenced(reference) }
        var schema = try #require(response["content"]?["application/json"]?["schema"])
        if let reference = schema["$ref"]?.string { schema = try referenced(reference) }
        #expect(fits(answer.body, schema), "\(answer) is not what is documented")
    }

    private func referenced(_ reference: String) throws -> JSONValue {
        try reference.split(separator: "/").dropFirst().reduce(document()) { value, name in
            try #require(value[String(name)], "\(reference)")
        }
    }

    /// JSON Schema, as far as the document uses it; a member that is not in the schema does not fit.
    private func fits(_ value: JSONValue, _ schema: JSONValue) -> Bool {
        if let values = schema["enum"]?.array, !values.contains(value) { return false }
        switch schema["type"]?.string {
        case "string": return value.string != nil
        case "boolean": return value.bool != nil
        case "integer": return value.integer != nil
        case "array":
            guard let items = schema["items"], let values = value.array else { return false }
            return values.allSatisfy { fits($0, items) }
        case "object":
            guard let members = value.object else { return false }
            let required = schema["required"]?.array?.compactMap(\.string) ?? []
            return required.allSatisfy { members[$0] != nil }
                && members.allSatisfy { name, member in
                    schema["properties"]?[name].map { fits(member, $0) } ?? false
                }
        default: return false
        }
    }
}
