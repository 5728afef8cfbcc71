import Testing
import UnitTestSupport

@testable import Processes

@Suite struct ProcessTreeTests {
    /// Each process with its parent. 30 is a zombie with a child; 50 is its own parent.
    private static let family: [(pid: Int32, parent: Int32, state: String)] = [
        (1, 0, "S"), (10, 1, "S"), (11, 10, "S"), (12, 10, "S"), (20, 11, "S"), (21, 20, "S"), (30, 12, "Z"),
        (31, 30, "S"), (40, 1, "S"), (50, 50, "S"), (60, 61, "S"), (61, 60, "S"),
    ]

    private static let tree = ProcessTree(
        family.compactMap { pid, parent, state in
            let zeros = Array(repeating: "0", count: 17).joined(separator: " ")
            return ProcessStatus(statLine: Array("\(pid) (p) \(state) \(parent) \(zeros) \(pid)".utf8))
        })

    private func descendants(_ roots: [ProcessIdentity], sparing spared: Set<Int32> = []) -> [Int32] {
        Self.tree.descendants(of: roots) { spared.contains($0.identity.pid) }.map(\.pid).sorted()
    }

    static let below: [([Int32], Set<Int32>, [Int32])] = [
        ([10], [], [11, 12, 20, 21, 31]), ([20], [], [21]), ([21], [], []), ([40], [], []),
        ([10, 40], [], [11, 12, 20, 21, 31]), ([10, 20], [], [11, 12, 20, 21, 31]), ([], [], []),
        ([10], [11], [12, 31]), ([10], [20], [11, 12, 31]), ([10], [11, 12], []),
        ([10], [30], [11, 12, 20, 21]),
        ([12], [], [31]), ([50], [], [50]), ([99], [], []),
    ]

    @Test(arguments: below)
    func theLivingBelowARootAreFoundWithoutTheSpared(roots: [Int32], spared: Set<Int32>, found: [Int32]) {
        #expect(descendants(roots.map(ProcessIdentity.sample), sparing: spared) == found)
    }

    @Test func aRootThatIsSomebodyElseByNowHasNoDescendants() {
        #expect(descendants([ProcessIdentity(pid: 10, start: 9)]) == [])
        #expect(descendants([ProcessIdentity(pid: 10, start: 9), .sample(20)]) == [21])
    }

    @Test func familiesThatGoInCirclesEnd() {
        #expect(descendants([.sample(60)]) == [60, 61])
        #expect(Self.tree.lineage(of: 60).map(\.pid) == [60, 61])
        #expect(Self.tree.lineage(of: 50).map(\.pid) == [50])
    }

    @Test(
        arguments: [(21, [21, 20, 11, 10, 1]), (1, [1]), (31, [31, 30, 12, 10, 1]), (99, [])]
            as [(Int32, [Int32])])
    func aLineageGoesUpToTheFirstProcess(pid: Int32, line: [Int32]) {
        #expect(Self.tree.lineage(of: pid) == line.map(ProcessIdentity.sample))
    }

    @Test func theLineageOfThisProcessBeginsWithIt() {
        let line = ProcessTree.now().lineage(of: ProcessTable.current.pid)
        #expect(line.first == ProcessTable.current)
        #expect(line.count > 1)
    }
}
