import HubProtocol
import Testing

@testable import Home
@testable import HubClient
@testable import Processes

/// The hexadecimal values come from JavaScript: `createHash('sha256').update(JSON.stringify(pairs))`.
@Suite struct RunnerIdentityTests {
    static let headers: [([String: String], String)] = [
        (["X-A": "1"], "1116c3af65f4ae46c3dfc32d88b1d24bdf240528bc9705f98a0f7f7b89b9d551"),
        (["X-B": "2", "X-A": "1"], "825253650b3cacd92e14b57de7f6e1ffe453481663e98387ecefc07b2ee84dd1"),
        (
            ["b": "1", "B": "2", "a": "3", "A": "4"],
            "4e66e7ffc4017e54da698a51aa1b8461ab34009c4bf0df49d479f45708f96be6"
        ),
        (
            ["X-Quote": #"say "hi" \ /"#, "X-Control": "\u{0}\u{8}\t\n\u{c}\r\u{1f}\u{7f}"],
            "8d3c8dd45a6bd72dd8cbcb7f9eed8b4ee19350b1c856c681f00db622764935f5"
        ),
        (["X-Naïve": "😀 é \u{2028}"], "996348a8eec3eec55eb1e638336c34d26a92d21f395b446d892fddbab07b8321"),
        (
            ["\u{FF5E}": "high", "\u{1F600}": "pair"],
            "d48fe7ac273fd1d34580466e936cb264f0e92dcb114e0bafddb51a06b85e92d0"
        ),
        (["a": "", "": "b"], "81df67b8f002f2b6515dd203faa545623ee504974adf39730d0cc28dc1fc35e8"),
    ]

    @Test(arguments: headers)
    func headersAreHashedOverTheBytesOfJavaScript(headers: [String: String], hash: String) {
        #expect(RunnerIdentity.hash(of: headers) == hash)
    }

    @Test func noHeadersHaveNoHash() {
        #expect(RunnerIdentity.hash(of: [:]) == nil)
    }

    static let strings = [
        ("", #""""#), ("plain", #""plain""#), ("a/b", #""a/b""#), (#"a"b"#, #""a\"b""#),
        (#"a\b"#, #""a\\b""#),
        ("\u{8}\t\n\u{c}\r", #""\b\t\n\f\r""#),
        ("\u{0}\u{1}\u{b}\u{e}\u{1f}", #""\u0000\u0001\u000b\u000e\u001f""#),
        ("\u{7f}\u{80}", "\"\u{7f}\u{80}\""), ("é😀", #""é😀""#), ("\u{2028}\u{2029}", "\"\u{2028}\u{2029}\""),
        ("\r\n", #""\r\n""#), ("e\u{301}", "\"e\u{301}\""), ("<>&'", #""<>&'""#),
    ]

    @Test(arguments: strings)
    func aStringIsQuotedAsJavaScriptQuotesIt(text: String, quoted: String) {
        #expect(Array(RunnerIdentity.javaScriptString(text).utf8) == Array(quoted.utf8))
    }

    static let tokens = [
        ("TOKEN", "f98103e9217f099208569d295c1b276f1821348636c268c854bb2a086e0037cd"),
        (" TOKEN\n", "f98103e9217f099208569d295c1b276f1821348636c268c854bb2a086e0037cd"),
        ("TOKEN:team", "9904288c79c9a441afc6b2687446c1e2b61e959a21e8bc238b9bce2bb214c246"),
    ]

    private func identity(_ environment: [String: String], machine: String = "m") throws -> RunnerIdentity {
        let home = RunnerHome(path: "/h")
        let configuration = try Configuration(environment: environment, home: home, settings: Settings([:]))
        return RunnerIdentity(configuration, machineID: machine)
    }

    @Test(arguments: tokens)
    func aTokenIsHashedWithoutTheSpaceAroundIt(token: String, hash: String) throws {
        #expect(try identity(["CLI_API_TOKEN": token]).tokenHash == hash)
    }

    @Test func withoutATokenThereIsNoHash() throws {
        #expect(try identity([:]).tokenHash == nil)
    }

    @Test func anotherHubTokenMachineOrSetOfHeadersIsAnotherRunner() throws {
        let environment = [
            "HAPI_API_URL": "http://hub", "CLI_API_TOKEN": "t", "HAPI_EXTRA_HEADERS_JSON": #"{"A":"1"}"#,
        ]
        let one = try identity(environment)
        #expect(try one == identity(environment))
        #expect(one.hubURL == "http://hub")
        let changes = [
            ("HAPI_API_URL", "http://hub/"), ("CLI_API_TOKEN", "u"),
            ("HAPI_EXTRA_HEADERS_JSON", #"{"A":"2"}"#),
            ("HAPI_EXTRA_HEADERS_JSON", "{}"), ("CLI_API_TOKEN", ""),
        ]
        for (name, value) in changes {
            #expect(
                try one != identity(environment.merging([name: value]) { _, new in new }), "\(name) \(value)")
        }
        #expect(try one != identity(environment, machine: "n"))
    }

    @Test(arguments: [("", ""), (" ", ""), ("\n\ta b\r\n", "a b"), ("a", "a"), ("\u{a0}x\u{3000}", "x")])
    func spaceAroundATextIsTrimmed(text: String, trimmed: String) {
        #expect(text.trimmingWhitespace == trimmed)
    }
}

@Suite struct SHA256Tests {
    /// Examples of FIPS 180-4, and lengths around every boundary of the padding.
    static let vectors: [(String, String)] = [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ]

    static let lengths = [
        (55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"),
        (56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"),
        (63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"),
        (64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"),
        (65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"),
        (119, "31eba51c313a5c08226adf18d4a359cfdfd8d2e816b13f4af952f7ea6584dcfb"),
        (120, "2f3d335432c70b580af0e8e1b3674a7c020d683aa5f73aaaedfdc55af904c21c"),
    ]

    @Test(arguments: vectors)
    func theExamplesOfTheStandardHold(text: String, hash: String) {
        #expect(SHA256.hex(of: Array(text.utf8)) == hash)
    }

    @Test(arguments: lengths)
    func everyLengthIsPadded(count: Int, hash: String) {
        #expect(SHA256.hex(of: [UInt8](repeating: UInt8(ascii: "a"), count: count)) == hash)
    }
}
