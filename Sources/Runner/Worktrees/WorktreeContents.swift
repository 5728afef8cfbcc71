/// What a worktree holds beyond what its repository keeps.
struct WorktreeContents: Equatable, Sendable {
    /// Whether files are changed, or new and not ignored.
    var hasChanges = false
    /// Files and directories that git does not show: ignored ones, and ones it is told to overlook.
    var unseen: [String] = []

    /// - Parameters:
    ///   - status: `git status --porcelain -z --ignored`.
    ///   - files: `git ls-files -v -z`: a lower-case letter or an S before what git is told to overlook.
    ///   - exists: whether a file is there; of a sparse checkout most are not.
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

    /// Why the worktree is kept; nil if nothing would be lost.
    func reasonToKeep(unseenToo: Bool) -> String? {
        if hasChanges { return "uncommitted changes" }
        if unseen.isEmpty || unseenToo { return nil }
        let more = unseen.count > 3 ? ", and \(unseen.count - 3) more" : ""
        return "files that git does not show: \(unseen.prefix(3).joined(separator: ", "))\(more)"
    }
}
