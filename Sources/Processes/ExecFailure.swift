import Glibc

/// Why a program cannot be run. The kernel's errno does not distinguish a missing script from a missing
/// interpreter or a missing directory, so the files are examined.
package enum ExecFailure {
    /// Describes why running `program` in `directory` fails with `code`, an errno.
    package static func words(_ program: String, in directory: String, _ code: Int32) -> String {
        if access(directory, X_OK) != 0 && errno == code {
            return "its directory \(directory) cannot be entered: \(errorText(code))"
        }
        // A program from PATH or behind a descriptor cannot be examined here.
        guard program.contains("/"), !program.hasPrefix("/proc/") else { return errorText(code) }
        return reason(program, code) ?? errorText(code)
    }

    /// Describes why running the file now would fail; nil if no reason can be seen.
    package static func foreseen(_ program: String) -> String? {
        if access(program, X_OK) != 0 { return reason(program, errno) ?? errorText(errno) }
        switch ProgramKind(of: program) {
        case .empty, .foreign, .data: return reason(program, ENOEXEC)
        case .script(let interpreter), .native(let interpreter?):
            return access(interpreter, X_OK) == 0 ? nil : reason(program, errno)
        case .native(nil), .text, nil: return nil
        }
    }

    private static func reason(_ program: String, _ code: Int32) -> String? {
        var status = stat()
        if lstat(program, &status) != 0 { return errno == ENOENT ? "there is no such file" : nil }
        if stat(program, &status) != 0 {
            return errno == ENOENT ? "it is a broken symbolic link to \(linkTarget(program) ?? "?")" : nil
        }
        if status.st_mode & S_IFMT == S_IFDIR { return "it is a directory" }
        if code == EACCES && access(program, X_OK) != 0 { return "it may not be executed: permission denied" }
        return reason(ProgramKind(of: program), code)
    }

    private static func reason(_ kind: ProgramKind?, _ code: Int32) -> String? {
        switch (kind, code) {
        case (.empty, ENOEXEC): "it is empty"
        case (.foreign(let system), ENOEXEC): "it is a program for \(system), not for this machine"
        case (.data, ENOEXEC), (.native, ENOEXEC): "it is not a program that this machine can run"
        case (.script(let interpreter), ENOENT) where interpreter.hasSuffix("\r"):
            "its first line ends with a carriage return, as lines do on Windows, so its interpreter is sought "
                + "under the name '\(interpreter.dropLast())\\r'. Save it with Unix line ends"
        case (.script(let interpreter), _) where !interpreter.isEmpty:
            "its interpreter \(interpreter), named in its first line, cannot be run: \(errorText(code))"
        case (.script, _): "its first line names no interpreter after #!"
        case (.native(let loader?), ENOENT):
            "its loader \(loader) is not on this machine: it was built for another C library"
        default: nil
        }
    }
}
