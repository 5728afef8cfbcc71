/// What would be lost if a worktree were removed, because its repository does not have it.
struct WorktreeContents: Equatable, Sendable {
    /// Whether files are changed, or new and not ignored.
    var hasChanges = false
    /// Files and directories that git does not show: ignored ones, and ones marked to be skipped.
    var unseen: [String] = []

    /// - Parameters:
    ///   - status: the output of `git status --porcelain -z --ignored`.
    ///   - files: the output of `git ls-files -v -z`, which marks skipped files with S or a lower-case
    ///     letter.
    ///   - exists: whether a file exists; most skipped files of a sparse checkout don't.
    init(status: String, files: String, exists: (String) -> Bool) {
        for entry in status.split(separator: "\0") {
            if entry.hasPrefix("!! ") { unseen.append(String(entry.dropFirst(3))) } else { hasChanges = true }
        }
        for entry in files.split(separator: "\0") {
            guard let mark = entry.first, mark.isLowercase || mark == "S" else { continue }
            let name = String(entry.dropFirst(2))
            if exists(name) { unseen.append(name) }
        }
    }

    /// Why to keep the worktree; nil if nothing would be lost.
    func reasonToKeep(unseenToo: Bool) -> String? {
        if hasChanges { return "uncommitted changes" }
        if unseen.isEmpty || unseenToo { return nil }
        let more = unseen.count > 3 ? ", and \(unseen.count - 3) more" : ""
        return "files that git does not show: \(unseen.prefix(3).joined(separator: ", "))\(more)"
    }
}
