import CProcess
import Glibc

/// A program to start. It inherits only what is named here: its descriptors are the three streams and
/// `passing`, its signal mask is empty and its signal dispositions are the defaults. If it stays in our
/// terminal session, it ignores the signals that we were started to ignore.
package struct ProcessLaunch {
    package enum Stream {
        case null
        case append(String)
        case descriptor(Int32)
    }

    package var program: String
    package var arguments: [String]
    package var environment: [String]
    package var directory: String
    /// The working directory as a descriptor; `directory` is then only its name for errors.
    package var openedDirectory: Int32?
    package var input: Stream
    package var output: Stream
    package var errors: Stream
    /// Further descriptors, which become 3, 4, … in this order.
    package var passing: [Int32]
    package var startsSession: Bool
    /// Whether to search `PATH` if `program` contains no slash.
    package var searchesPath: Bool

    package init(
        program: String, arguments: [String], environment: [String], directory: String = "/",
        openedDirectory: Int32? = nil, input: Stream = .null, output: Stream = .null, errors: Stream = .null,
        passing: [Int32] = [], startsSession: Bool = true, searchesPath: Bool = false
    ) {
        self.program = program
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.openedDirectory = openedDirectory
        self.input = input
        self.output = output
        self.errors = errors
        self.passing = passing
        self.startsSession = startsSession
        self.searchesPath = searchesPath
    }

    /// Starts the program and returns its pid. Throws the errno of the failed step, including exec.
    package func start() throws(LaunchError) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        // Copied to high numbers, so that dup2 does not overwrite one that is still needed.
        var sources: [Int32] = []
        defer { for source in sources { close(source) } }
        do {
            for descriptor in passing { sources.append(try copy(descriptor)) }
            try add(input, as: 0, flags: O_RDONLY, to: &actions)
            try add(output, as: 1, flags: O_WRONLY | O_CREAT | O_APPEND, to: &actions)
            try add(errors, as: 2, flags: O_WRONLY | O_CREAT | O_APPEND, to: &actions)
            for (index, source) in sources.enumerated() {
                try check(posix_spawn_file_actions_adddup2(&actions, source, Int32(3 + index)))
            }
            if let openedDirectory {
                try check(cprocess_spawn_fchdir(&actions, openedDirectory))
            } else {
                try check(directory.withSystemText { cprocess_spawn_chdir(&actions, $0) })
            }
            try check(cprocess_spawn_close_from(&actions, Int32(3 + sources.count)))
            try setSignals(&attributes)
        } catch {
            throw LaunchError(program: program, directory: directory, code: error.code)
        }
        return try spawn(&actions, &attributes)
    }

    private func copy(_ descriptor: Int32) throws(Failure) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 16)
        guard copy >= 0 else { throw Failure(code: errno) }
        return copy
    }

    private func add(
        _ stream: Stream, as number: Int32, flags: Int32, to actions: inout posix_spawn_file_actions_t
    ) throws(Failure) {
        switch stream {
        case .null:
            try check(posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0))
        case .append(let path):
            try check(
                path.withSystemText { posix_spawn_file_actions_addopen(&actions, number, $0, flags, 0o600) })
        case .descriptor(let descriptor):
            try check(posix_spawn_file_actions_adddup2(&actions, descriptor, number))
        }
    }

    private func setSignals(_ attributes: inout posix_spawnattr_t) throws(Failure) {
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        sigdelset(&all, SIGKILL)
        sigdelset(&all, SIGSTOP)
        // A program in our terminal session ignores what we were started to ignore, as by `nohup`.
        if !startsSession { for signal in SignalSetting.kept { sigdelset(&all, signal) } }
        try check(posix_spawnattr_setsigmask(&attributes, &none))
        try check(posix_spawnattr_setsigdefault(&attributes, &all))
        let session = startsSession ? cprocess_spawn_setsid() : 0
        let flags = Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF) | session
        try check(posix_spawnattr_setflags(&attributes, flags))
    }

    private func spawn(
        _ actions: inout posix_spawn_file_actions_t, _ attributes: inout posix_spawnattr_t
    ) throws(LaunchError) -> Int32 {
        let argv = CStrings(arguments)
        let environ = CStrings(environment)
        var pid: pid_t = 0
        let start = searchesPath ? posix_spawnp : posix_spawn
        var code = program.withSystemText {
            start(&pid, $0, &actions, &attributes, argv.pointers, environ.pointers)
        }
        if code == ENOEXEC && !searchesPath && ProgramKind(of: program) == .text {
            // A script without `#!`, run by a shell as `execvp` does.
            let argv = CStrings(["/bin/sh", program] + arguments.dropFirst())
            code = posix_spawn(&pid, "/bin/sh", &actions, &attributes, argv.pointers, environ.pointers)
        }
        guard code == 0 else { throw LaunchError(program: program, directory: directory, code: code) }
        return pid
    }
}

/// Why a program could not be started.
package struct LaunchError: Error, CustomStringConvertible {
    package let program: String
    package let directory: String
    package let code: Int32

    package init(program: String, directory: String, code: Int32) {
        self.program = program
        self.directory = directory
        self.code = code
    }

    package var description: String {
        "cannot start \(program): \(ExecFailure.words(program, in: directory, code))"
    }
}

private struct Failure: Error {
    let code: Int32
}

private func check(_ code: Int32) throws(Failure) {
    if code != 0 { throw Failure(code: code) }
}

/// The system's words for an errno.
package func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }

/// A NULL-terminated array of C strings that lives as long as this object.
package final class CStrings {
    package let pointers: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    private let count: Int

    package init(_ strings: [String]) {
        count = strings.count
        pointers = .allocate(capacity: count + 1)
        for (index, string) in strings.enumerated() { pointers[index] = string.withSystemText { strdup($0) } }
        pointers[count] = nil
    }

    deinit {
        for index in 0..<count { free(pointers[index]) }
        pointers.deallocate()
    }
}
