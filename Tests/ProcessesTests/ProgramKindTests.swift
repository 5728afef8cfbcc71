import Glibc
import Testing
import UnitTestSupport

@testable import Processes

@Suite final class ProgramKindTests: FolderTests {
    /// The start of a 64-bit ELF file with one program header: its loader's path.
    static func elf(machine: UInt8, loader: String?, bits: UInt8 = 2) -> [UInt8] {
        var head = [UInt8](repeating: 0, count: 256)
        head.replaceSubrange(0..<6, with: [0x7f, 0x45, 0x4c, 0x46, bits, 1])
        head[16] = 2
        head[18] = machine
        head[32] = 64
        head[54] = 56
        head[56] = 1
        head[64] = loader == nil ? 1 : 3
        head[72] = 128
        head[96] = UInt8((loader ?? "").utf8.count + 1)
        head.replaceSubrange(128..<(128 + (loader ?? "").utf8.count), with: Array((loader ?? "").utf8))
        return head
    }

    #if arch(x86_64)
        static let (own, other): (UInt8, UInt8) = (62, 183)
    #else
        static let (own, other): (UInt8, UInt8) = (183, 62)
    #endif

    static let kinds: [(head: [UInt8], kind: ProgramKind)] = [
        ([], .empty),
        (Array("#!/bin/sh\necho".utf8), .script(interpreter: "/bin/sh")),
        (Array("#! \t/usr/bin/env node\n".utf8), .script(interpreter: "/usr/bin/env")),
        (Array("#!/bin/sh\r\necho".utf8), .script(interpreter: "/bin/sh\r")),
        (Array("#!\n".utf8), .script(interpreter: "")),
        (Array("#!/x".utf8), .script(interpreter: "/x")),
        (Array("echo hello\n".utf8), .text),
        (Array("\u{1}\u{2}\0more\n".utf8), .data),
        (Array("text\n\0".utf8), .text),
        (Array("MZ\u{90}\0".utf8), .foreign("Windows")),
        ([0xcf, 0xfa, 0xed, 0xfe, 0, 0], .foreign("macOS")),
        (elf(machine: own, loader: "/lib/ld.so"), .native(loader: "/lib/ld.so")),
        (elf(machine: own, loader: nil), .native(loader: nil)),
        (elf(machine: 243, loader: nil), .foreign("RISC-V")),
        (elf(machine: 3, loader: nil, bits: 1), .foreign("32-bit x86 (i386)")),
        ([0x7f, 0x45, 0x4c, 0x46, 2, 1], .data),
    ]

    @Test(arguments: kinds) func theFirstBytesTellWhatItIs(head: [UInt8], kind: ProgramKind) {
        #expect(ProgramKind(head: head) == kind)
    }

    /// Whatever its tables contain, no offset leads out of the bytes that were read.
    @Test func aBrokenProgramIsReadWithoutATrap() {
        var numbers = SeededNumbers(seed: 5)
        for _ in 0..<2000 {
            var head = Self.elf(machine: Self.own, loader: "/l")
            for _ in 0..<24 {
                head[Int.random(in: 16..<128, using: &numbers)] = .random(in: 0...255, using: &numbers)
            }
            _ = ProgramKind(head: head)
        }
    }

    static let unusable: [(content: [UInt8], words: String)] = [
        ([], "it is empty"),
        (
            Array("#!/no/such/interpreter\n".utf8),
            "its interpreter /no/such/interpreter, named in its first line"
        ),
        (Array("#!/bin/sh\r\n".utf8), "'/bin/sh\\r'"),
        (Array("#!\n".utf8), "names no interpreter"),
        (Array("\0\0data".utf8), "not a program that this machine can run"),
        (Array("MZ\0".utf8), "it is a program for Windows"),
        (
            elf(machine: own, loader: "/lib/ld-none.so.1"),
            "its loader /lib/ld-none.so.1 is not on this machine"
        ),
        (elf(machine: other, loader: nil), "not for this machine"),
    ]

    @Test(arguments: unusable) func whatCannotRunIsToldBeforeAndWhenItIsTried(content: [UInt8], words: String)
        throws
    {
        let path = try write("", to: "program")
        try replaceFile(path, with: content)
        chmod(path, 0o755)
        let foreseen = try #require(ExecFailure.foreseen(path))
        #expect(foreseen.contains(words))
        let launch = ProcessLaunch(program: path, arguments: [path], environment: [])
        var error: LaunchError?
        // ETXTBSY: between fork and exec, a child of another test has the file open for writing, execve(2).
        repeat {
            error = #expect(throws: LaunchError.self) { try launch.start() }
        } while error?.code == ETXTBSY
        #expect(error?.description == "cannot start \(path): \(foreseen)")
    }

    @Test func whatIsNoFileOrMayNotRunIsToldToo() throws {
        let plain = try write("echo", to: "plain")
        chmod(plain, 0o644)
        try link("dangling", to: "nowhere")
        #expect(ExecFailure.foreseen(plain) == "it may not be executed: permission denied")
        #expect(ExecFailure.foreseen("\(folder)/none") == "there is no such file")
        #expect(ExecFailure.foreseen("\(folder)/dangling") == "it is a broken symbolic link to nowhere")
        #expect(ExecFailure.foreseen("/bin/sh") == nil)
    }

    /// As shells and `execvp` do.
    @Test func aScriptWithoutAFirstLineIsRunByTheShell() async throws {
        let path = try write("echo \"$0 $1\"\n", to: "script")
        chmod(path, 0o755)
        #expect(ExecFailure.foreseen(path) == nil)
        let child = try child(
            ProcessLaunch(
                program: path, arguments: ["name", "word"], environment: [], output: .append("\(folder)/out"))
        )
        #expect(await child.ended() == 0)
        #expect(text(of: "out") == "\(path) word\n")
    }
}
