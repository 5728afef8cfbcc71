import Testing

@testable import Home
@testable import HubClient
@testable import Processes

@Suite struct VisibleTextTests {
    @Test(arguments: [
        ("plain, é, 日本, 👩‍💻", "plain, é, 日本, 👩‍💻"),
        ("two\nlines", "two\\nlines"),
        ("a\r\nb", "a\\u{d}\\nb"),
        ("\u{1b}[31mred", "\\u{1b}[31mred"),
        ("\u{9b}31m", "\\u{9b}31m"),
        ("tab\tbell\u{7}", "tab\\u{9}bell\\u{7}"),
        ("a\u{2028}b\u{2029}c\u{85}", "a\\u{2028}b\\u{2029}c\\u{85}"),
        ("invoice\u{202e}fdp.exe", "invoice\\u{202e}fdp.exe"),
        ("\u{2066}x\u{2069}\u{200f}\u{61c}", "\\u{2066}x\\u{2069}\\u{200f}\\u{61c}"),
        ("", ""),
    ])
    func whatATerminalWouldActOnIsShown(text: String, visible: String) {
        #expect(text.visible == visible)
    }
}
