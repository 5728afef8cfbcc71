import Glibc
import Testing
import UnitTestSupport

@testable import Home
@testable import HubClient
@testable import Monitor
@testable import Processes
@testable import Runner

@Suite struct ConnectionOwnerTests {
    static let client = SocketEnd(address: [127, 0, 0, 1], port: 40000)
    static let server = SocketEnd(address: [127, 0, 0, 1], port: 46735)

    /// A listener, the server's end, another client's end, the client's end, and one in TIME_WAIT.
    static let tcp = """
          sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 0100007F:B68F 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 9001 1 0 100 0 0 10 0
           1: 0100007F:B68F 0100007F:9C40 01 00000000:00000000 00:00000000 00000000  1000        0 9002 1 0 20 4 30 10 -1
           2: 0100007F:9C41 0100007F:B68F 01 00000000:00000000 00:00000000 00000000  1001        0 9003 1 0 20 4 30 10 -1
           3: 0100007F:9C40 0100007F:B68F 01 00000000:00000000 00:00000000 00000000  1002        0 9004 1 0 20 4 30 10 -1
           4: 0100007F:9C42 0100007F:B68F 06 00000000:00000000 03:00000AFA 00000000     0        0 0 3 0
           5: 0100007F:9C43 0100007F:B68F 01 00000000:00000000 00:00000000 00000000     0        0 0 1 0
           6: 0100007F:9C44 0100007F:B68F 08 00000000:00000000 00:00000000 00000000  1000        0 9007 1 0

        """

    static let tcp6 = """
          sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
           0: 00000000000000000000000000000000:B68F 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 9101 1 0
           1: 0000000000000000FFFF00000100007F:9C40 0000000000000000FFFF00000100007F:B68F 01 00000000:00000000 00:00000000 00000000  1003        0 9102 1 0
           2: 00000000000000000000000001000000:9C40 00000000000000000000000001000000:B68F 01 00000000:00000000 00:00000000 00000000  1004        0 9103 1 0

        """

    private func find(_ table: String, port: Int, width: Int = 4) -> ConnectionOwner? {
        let client = SocketEnd(address: [127, 0, 0, 1], port: port)
        return ConnectionOwner.find(
            in: Array(table.utf8), client: client.hex(width), server: Self.server.hex(width))
    }

    @Test func theOwnerIsWhoHoldsTheClientsEnd() {
        #expect(find(Self.tcp, port: 40000) == ConnectionOwner(userID: 1002, inode: 9004))
        #expect(find(Self.tcp, port: 40001) == ConnectionOwner(userID: 1001, inode: 9003))
        #expect(find(Self.tcp6, port: 40000, width: 16) == ConnectionOwner(userID: 1003, inode: 9102))
    }

    @Test(arguments: [40002, 40003, 40004, 40005, 46735])
    func onlyAnEstablishedRowWithAnInodeCounts(port: Int) {
        #expect(find(Self.tcp, port: port) == nil)
    }

    @Test(arguments: ["", "\n", "header only", "header\n1: 0100007F:9C40 0100007F:B68F 01", "header\n\n\n"])
    func aTableThatIsCutShortHasNoOwners(table: String) {
        #expect(find(table, port: 40000) == nil)
    }

    @Test(arguments: ["x", "-1", "99999999999999999999"])
    func aRowThatCannotBeReadHasNoOwner(word: String) {
        let row = "header\n0: 0100007F:9C40 0100007F:B68F 01 0:0 0:0 0 \(word) 0 \(word) 1 0"
        #expect(find(row, port: 40000) == nil)
    }

    @Test func anEndIsWrittenAsTheKernelPrintsIt() {
        #expect(Self.client.hex(4) == "0100007F:9C40")
        #expect(Self.server.hex(16) == "0000000000000000FFFF00000100007F:B68F")
        #expect(SocketEnd(address: [192, 168, 1, 10], port: 80).hex(4) == "0A01A8C0:0050")
        #expect(SocketEnd(address: [0, 0, 0, 0], port: 0).hex(4) == "00000000:0000")
    }

    /// With the kernel's own table.
    @Test func theOwnerOfARealConnectionIsFound() async throws {
        let connection = try LoopbackConnection()
        let owner = try #require(ConnectionOwner.find(client: connection.client, server: connection.server))
        #expect(owner.userID == getuid())
        #expect(ProcessTable.socketInodes(of: getpid()).contains(owner.inode))
        #expect(ConnectionOwner.find(client: connection.server, server: connection.server) == nil)
        connection.closeClient()
        // A child process that is just being started may hold a copy for a moment.
        #expect(
            await eventually {
                ConnectionOwner.find(client: connection.client, server: connection.server) == nil
            })
    }
}
