import Home
import HubClient
import Monitor
import Processes
import RunnerStore
import SessionProcess

/// Finds the word that a mistyped one was meant to be.
enum Spelling {
    /// The nearest of `words`; nil if none is near enough.
    static func nearest(to word: String, in words: [String]) -> String? {
        let near = words.map { (word: $0, distance: distance(word, $0)) }
            .filter { $0.distance <= tolerance(word) }
        return near.min { $0.distance < $1.distance }?.word
    }

    /// Depends on the length, because two edits turn a short word into almost any other.
    private static func tolerance(_ word: String) -> Int {
        switch word.count {
        case ..<3: 0
        case ..<7: 1
        default: word.hasPrefix("-") ? 1 : 2
        }
    }

    /// The number of letters to add, remove, change or swap with their neighbour.
    static func distance(_ a: String, _ b: String) -> Int {
        let (a, b) = (Array(a), Array(b))
        var rows = [Array(0...b.count)]
        for i in a.indices {
            var row = [i + 1]
            for j in b.indices {
                var best = min(rows[i][j] + (a[i] == b[j] ? 0 : 1), rows[i][j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
                    best = min(best, rows[i - 1][j - 1] + 1)
                }
                row.append(best)
            }
            rows.append(row)
        }
        return rows[a.count][b.count]
    }
}
