import Glibc
import Processes

/// The end of a log, with each run of white space replaced by one space.
func logTail(of path: String, characters: Int) -> String {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    lseek(descriptor, max(0, lseek(descriptor, 0, SEEK_END) - 4 * off_t(characters)), SEEK_SET)
    let text = String(decoding: readToEnd(descriptor) ?? [], as: UTF8.self)
    return String(text.split(whereSeparator: \.isWhitespace).joined(separator: " ").suffix(characters))
}
