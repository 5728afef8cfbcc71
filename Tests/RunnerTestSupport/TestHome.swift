import FoundationEssentials
import Glibc
import HubProtocol
import Testing

/// A temporary home of a runner, with the environment for the programs that use it.
///
/// Processes started in it are ended on every way out. A process that is then alive but not known to the
/// store is reported as an issue.
package final class TestHome: Sendable {
    /// The root directory, and `HOME` for the programs.
    package let root: String
    /// `HAPI_HOME`.
    package let path: String
    package let environment: [String: String]

    package var store: String { path + "/runner.db" }
    package var settings: String { path + "/settings.json" }
    package var stateFile: String { path + "/runner.state.json" }
    package var lockFile: String { path + "/runner.state.json.lock" }
    /// Where stand-in sessions write their traces.
    package var traces: String { root + "/traces" }

    /// - Parameters:
    ///   - strays: whether processes may outlive their sessions in this test.
    ///   - disk: the size of a file system of its own for `HAPI_HOME`; needs root.
    package static func with<Result: Sendable>(
        _ hub: TestHub? = nil, _ environment: [String: String] = [:], strays: Bool = false,
        disk: String? = nil, location: SourceLocation = #_sourceLocation,
        _ body: (TestHome) async throws -> Result
    ) async throws -> Result {
        try await Turns.shared.taking {
            let home = try TestHome(hub, environment)
            if let disk { try await home.mountDisk(disk) }
            do {
                let result = try await body(home)
                if !strays { await home.expectNoStrays(location) }
                await home.end(location)
                return result
            } catch {
                Issue.record("the runner's log: \(home.logText)", sourceLocation: location)
                await home.end(location)
                throw error
            }
        }
    }

    private init(_ hub: TestHub?, _ environment: [String: String]) throws {
        var template = Array("/tmp/hapi-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw ChildProcess.Failure(description: "no temporary directory")
        }
        root = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = root + "/home"
        var variables = [
            "HOME": root, "HAPI_HOME": path, "PATH": "\(root)/bin:\(Paths.searchPath)", "TZ": "UTC",
            "SWIFT_BACKTRACE": "enable=no", "HAPI_CLI_EXECUTABLE": StandIn.program,
            "STANDIN_DIR": root + "/traces",
        ]
        if let hub {
            variables.merge(["HAPI_API_URL": hub.url, "CLI_API_TOKEN": hub.token]) { _, new in new }
        }
        self.environment = variables.merging(environment) { _, new in new }
        for folder in ["bin", "traces", "work"] { _ = try makeDirectory(folder) }
    }

    // MARK: Programs

    /// Starts the program without waiting for it.
    package func launch(
        _ arguments: [String], _ changes: [String: String] = [:], in directory: String? = nil
    ) throws -> ChildProcess {
        try start([Paths.program] + arguments, changes, in: directory)
    }

    /// Starts any program in this home's environment.
    package func start(
        _ command: [String], _ changes: [String: String] = [:], in directory: String? = nil,
        input: ChildProcess.Input = .null
    ) throws -> ChildProcess {
        let variables = environment.merging(changes) { _, new in new }.filter { !$0.value.isEmpty }
        return try ChildProcess(command, environment: variables, directory: directory ?? root, input: input)
    }

    /// Runs the program until it ends. An empty value in `changes` unsets a variable.
    package func hapi(
        _ arguments: String..., changes: [String: String] = [:], in directory: String? = nil,
        location: SourceLocation = #_sourceLocation
    ) async throws -> Finished {
        let child = try launch(arguments, changes, in: directory)
        let status = try await child.ended(within: .seconds(40), location)
        return Finished(status: status, output: child.output, errors: child.errors)
    }

    // MARK: Files

    /// Creates a directory below ``root``. Stand-in sessions in it behave as given.
    package func makeDirectory(_ name: String, behaving behaviour: String? = nil) throws -> String {
        let directory = "\(root)/\(name)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
        if let behaviour { try write("\(name)/.standin", behaviour) }
        return directory
    }

    /// The default directory of sessions.
    package var work: String { root + "/work" }

    package func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws {
        try Data(text.utf8).write(to: URL(filePath: "\(root)/\(name)"))
        chmod("\(root)/\(name)", mode)
    }

    /// Writes `settings.json`, and creates the home if needed.
    package func writeSettings(_ text: String) throws {
        _ = try makeDirectory("home")
        try write("home/settings.json", text, mode: 0o600)
    }

    /// Overwrites a file below ``root`` in place.
    package func writeBytes(_ name: String, _ bytes: [UInt8]) throws {
        let file = open("\(root)/\(name)", O_WRONLY | O_TRUNC | O_CLOEXEC)
        guard file >= 0 else { throw ChildProcess.Failure(description: "cannot write \(name)") }
        defer { close(file) }
        #expect(bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) } == bytes.count)
    }

    package func bytes(_ path: String) -> [UInt8]? {
        FileManager.default.contents(atPath: path).map { Array($0) }
    }

    package func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    /// A file's text; nil if there is none.
    package func text(_ path: String) -> String? {
        FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The last lines of the runners' logs.
    package var logText: String {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path + "/logs")) ?? []
        let texts = names.filter { $0.hasSuffix(".log") }.sorted().compactMap { text("\(path)/logs/\($0)") }
        return String(texts.joined(separator: "----\n").suffix(6000))
    }
}
