import HubProtocol
import Processes

/// The hub's calls on the git repository of a session's directory, and its searches (hub contract §7.9).
struct GitCalls: Sendable {
    static let methods = ["git-status", "git-diff-numstat", "git-diff-file", "ripgrep"]

    let files: FileCalls
    let environment: [String: String]

    func answer(_ method: String, _ given: JSONValue) async -> JSONValue {
        do {
            let directory = try files.resolved(given["cwd"]?.string ?? "")
            switch method {
            case "git-status":
                return try await git(
                    ["status", "--porcelain=v2", "--branch", "--untracked-files=all"], directory)
            case "git-diff-numstat": return try await git(diff(given) + ["--numstat"], directory)
            case "git-diff-file":
                let path = given["filePath"]?.string ?? ""
                return try await git(diff(given) + ["--no-ext-diff", "--", path], directory)
            default: return try await search(given, directory)
            }
        } catch {
            return FileCalls.failure("\(error)")
        }
    }

    private func diff(_ given: JSONValue) -> [String] {
        ["diff"] + (given["staged"]?.bool == true ? ["--cached"] : [])
    }

    private func git(_ arguments: [String], _ directory: String) async throws -> JSONValue {
        let result = try await run("git", ["--no-optional-locks"] + arguments, directory)
        guard result.status == 0 else {
            return [
                "success": false, "error": .string(result.words), "stdout": .string(result.output),
                "stderr": .string(result.errors), "exitCode": .integer(Int64(result.status)),
            ]
        }
        return Self.shape(result)
    }

    private func run(
        _ program: String, _ arguments: [String], _ directory: String
    ) async throws -> HelperProcess.Result {
        var variables = environment
        // Nobody could answer a prompt.
        variables["GIT_TERMINAL_PROMPT"] = "0"
        return try await HelperProcess.run(
            program, arguments, environment: variables, directory: directory, within: .seconds(10))
    }

    private static func shape(_ result: HelperProcess.Result) -> JSONValue {
        [
            "success": true, "stdout": .string(result.output), "stderr": .string(result.errors),
            "exitCode": .integer(Int64(result.status)),
        ]
    }

    // MARK: Search

    private func search(_ given: JSONValue, _ directory: String) async throws -> JSONValue {
        if let wanted = given["fileSearch"], let query = wanted["query"]?.string {
            return try await findFiles(query, limit: wanted["limit"]?.integer ?? 200, directory)
        }
        let arguments = given["args"]?.array?.compactMap(\.string) ?? []
        // These options run a program of the caller's choice.
        guard !arguments.contains(where: { $0.hasPrefix("--pre") || $0.hasPrefix("--hostname-bin") }) else {
            return FileCalls.failure("this option of ripgrep is not allowed")
        }
        return Self.shape(try await run("rg", arguments, directory))
    }

    /// Files whose path contains the query: listed by git in a repository, otherwise by ripgrep.
    private func findFiles(_ query: String, limit: Int, _ directory: String) async throws -> JSONValue {
        var listed = try await run(
            "git", ["ls-files", "--cached", "--others", "--exclude-standard"], directory)
        if listed.status != 0 { listed = try await run("rg", ["--files"], directory) }
        let wanted = query.lowercased()
        let found = listed.output.split(separator: "\n").lazy
            .filter { wanted.isEmpty || $0.lowercased().contains(wanted) }.prefix(max(0, min(limit, 1000)))
        return [
            "success": true, "stdout": .string(found.joined(separator: "\n")), "stderr": "", "exitCode": 0,
        ]
    }
}
