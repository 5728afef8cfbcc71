import FoundationEssentials
import Glibc
import Home
import Processes
import Testing

/// A test with a temporary folder and child processes, both removed with the test's instance.
open class FolderTests {
    package let folder: String
    /// Killed and reaped with the test's instance.
    private var children: [Child] = []

    public init() throws {
        folder = FileManager.default.temporaryDirectory.path + "/runner-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit {
        // Errors are ignored: the system cleans its temporary directory.
        try? FileManager.default.removeItem(atPath: folder)
    }

    package func child(_ launch: ProcessLaunch) throws -> Child {
        let child = try Child(launch)
        children.append(child)
        return child
    }

    package func child(_ arguments: String..., environment: [String] = ["PATH=/usr/bin:/bin"]) throws -> Child
    {
        try child(
            ProcessLaunch(
                program: arguments[0], arguments: arguments, environment: environment, searchesPath: true))
    }

    /// Waits until a new process shows its own arguments and variables, which it does only after exec.
    package func settled(_ child: Child) async {
        #expect(await eventually { !ProcessTable.arguments(of: child.pid).isEmpty })
    }

    package var home: RunnerHome { RunnerHome(path: folder) }

    @discardableResult
    package func write(_ text: String, to name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        return path
    }

    @discardableResult
    package func makeDirectory(_ name: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    @discardableResult
    package func link(_ name: String, to target: String) throws -> String {
        let path = "\(folder)/\(name)"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
        return path
    }

    package func text(of name: String) -> String? {
        readFile("\(folder)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    package func mode(of name: String) -> mode_t? {
        var status = stat()
        return stat("\(folder)/\(name)", &status) == 0 ? status.st_mode & 0o777 : nil
    }
}
