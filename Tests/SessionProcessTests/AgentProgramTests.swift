import Glibc
import HubProtocol
import Testing
import UnitTestSupport

@testable import Home
@testable import Processes
@testable import SessionProcess

@Suite final class AgentProgramTests: FolderTests {
    private func program(_ name: String, mode: mode_t = 0o700) throws -> String {
        let path = try write("#!/bin/sh\n", to: name)
        chmod(path, mode)
        return path
    }

    private func find(_ agent: Agent, _ settings: [String: String] = [:]) throws -> String {
        let programs = JSONValue.object(settings.mapValues(JSONValue.string))
        let path = "\(folder)/missing:\(folder)/first::\(folder)/second"
        return try AgentProgram.path(
            of: agent, Settings(["agentPrograms": programs]), ["PATH": path, "HOME": folder])
    }

    @Test func itIsTheFirstOfItsNameInThePath() throws {
        try makeDirectory("first")
        try makeDirectory("second")
        let second = try program("second/claude")
        #expect(try find(.claude) == second)
        let first = try program("first/claude")
        #expect(try find(.claude) == first)
    }

    @Test func whatCannotBeRunIsPassedOver() throws {
        try makeDirectory("first/codex")
        try makeDirectory("second")
        _ = try program("first/claude", mode: 0o600)
        let (codex, claude) = (try program("second/codex"), try program("second/claude"))
        #expect(try find(.codex) == codex)
        #expect(try find(.claude) == claude)
    }

    @Test(arguments: [(Agent.cursor, "agent"), (.dsh, "dsh-acp-demo"), (.kimi, "kimi")])
    func someAgentsProgramsHaveAnotherName(agent: Agent, name: String) throws {
        try makeDirectory("first")
        let path = try program("first/\(name)")
        #expect(try find(agent) == path)
    }

    @Test func theSettingsMayNameIt() throws {
        try makeDirectory("second")
        let (absolute, other) = (try program("mine"), try program("second/other"))
        #expect(try find(.claude, ["claude": absolute]) == absolute)
        #expect(try find(.claude, ["claude": "other"]) == other)
        #expect(try find(.claude, ["claude": "~/mine"]) == absolute)
    }

    @Test func whatIsNotThereIsAnErrorThatSaysWhatToDo() throws {
        for settings in [[:], ["claude": "\(folder)/missing"], ["claude": folder]] {
            let error = #expect(throws: AgentNotFound.self) { try self.find(.claude, settings) }
            let name = settings["claude"] ?? "claude"
            #expect(
                error?.description.hasPrefix("claude is not installed (\(name)") == true)
            #expect(error?.description.contains("agentPrograms") == true)
        }
    }

    @Test(arguments: [(ChildExit.code(3), 3), (.code(0), 0), (.signal(9), 137)] as [(ChildExit, Int32)])
    func anEndIsToldAsAShellTellsIt(exit: ChildExit, status: Int32) {
        #expect(exit.status == status)
    }
}
