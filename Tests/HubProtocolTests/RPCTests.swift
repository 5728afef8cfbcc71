import HubProtocol
import Testing

@Suite struct RPCTests {
    @Test func aRequestHoldsItsParametersAsText() throws {
        let text =
            #"{"method":"\#(machineID):path-exists","params":"{\"paths\":[\"/home/dev/work\",\"/nope\"]}"}"#
        let request = try JSON.decode(RPCRequest.self, from: text.utf8)
        #expect(request.name == "path-exists")
        let paths = try JSON.decode(MachineRPCMessages.PathExists.self, from: request.params.utf8).paths
        #expect(paths == ["/home/dev/work", "/nope"])
    }

    @Test(arguments: [
        ("m:spawn-happy-session", "spawn-happy-session"), ("stop-session", "stop-session"), ("", ""),
        (":", ""),
        ("a:b:c", "c"),
    ])
    func aMethodsNameIsWhatFollowsItsOwner(method: String, name: String) throws {
        let request = try JSON.decode(RPCRequest.self, from: #"{"method":"\#(method)","params":"{}"}"#.utf8)
        #expect(request.name == name)
    }

    @Test func aMethodIsRegisteredUnderItsOwnersName() throws {
        let registration = RPCRegistration(method: "\(machineID):listAgyModels")
        #expect(try JSON.text(registration) == #"{"method":"\#(machineID):listAgyModels"}"#)
    }

    @Test func theMethodsAreThoseTheHubCalls() {
        let names = [
            "archiveCodexSession", "cursor-chat-store-status", "list-directory", "listAgyModels",
            "listCodexModels", "listCodexSessions", "listCopilotModelsForCwd", "listCursorModels",
            "listGrokModelsForCwd", "listOpencodeModelsForCwd", "listPiModelsForMachine", "listPiSessions",
            "path-exists", "spawn-happy-session", "stop-runner", "stop-session",
        ]
        #expect(MachineMethod.allCases.map(\.rawValue).sorted() == names)
    }

    @Test func theHandshakeNamesItsClient() throws {
        let machine = #"{"token":"TOKEN","clientType":"machine-scoped","machineId":"\#(machineID)"}"#
        #expect(try isSame(HubAuth.machine(machineID, token: "TOKEN"), machine))
        let session = #"{"token":"TOKEN","clientType":"session-scoped","sessionId":"\#(sessionID)"}"#
        #expect(try isSame(HubAuth.session(sessionID, token: "TOKEN"), session))
    }

    @Test func theHubAsksForASessionWithTheseWords() throws {
        let text = #"""
            {"type":"spawn-in-directory","directory":"/home/dev/work","agent":"codex","model":"m",
             "modelReasoningEffort":"high","yolo":true,"sessionType":"simple","worktreeName":"w",
             "resumeSessionId":"r","effort":"low","permissionMode":"plan","serviceTier":"fast",
             "existingSessionId":"e","sessionId":"s","collaborationMode":"plan",
             "copilotAgentMode":"autopilot","startingMode":"remote","forkSession":false,
             "approvedNewDirectoryCreation":false,"token":"t","machineId":"\#(machineID)"}
            """#
        var wanted = SpawnParameters(directory: "/home/dev/work")
        wanted.agent = "codex"
        wanted.model = "m"
        wanted.modelReasoningEffort = "high"
        wanted.yolo = true
        wanted.sessionType = "simple"
        wanted.worktreeName = "w"
        wanted.resumeSessionId = "r"
        wanted.effort = "low"
        wanted.permissionMode = "plan"
        wanted.serviceTier = "fast"
        wanted.existingSessionId = "e"
        wanted.sessionId = "s"
        wanted.collaborationMode = "plan"
        wanted.copilotAgentMode = "autopilot"
        wanted.startingMode = "remote"
        wanted.forkSession = false
        wanted.approvedNewDirectoryCreation = false
        wanted.token = "t"
        #expect(try JSON.decode(SpawnParameters.self, from: text.utf8) == wanted)
    }

    @Test func theFewestWordsForASessionAreEnough() throws {
        let text =
            #"{"type":"spawn-in-directory","directory":"/home/dev/work","agent":"claude","forkSession":false}"#
        var wanted = SpawnParameters(directory: "/home/dev/work")
        wanted.agent = "claude"
        wanted.forkSession = false
        #expect(try JSON.decode(SpawnParameters.self, from: text.utf8) == wanted)
        #expect(try JSON.text(SpawnParameters(directory: "/")) == #"{"directory":"/"}"#)
    }

    @Test func answersHaveTheShapesTheHubReads() throws {
        typealias Messages = MachineRPCMessages
        #expect(try JSON.text(Messages.SpawnAnswer.success("s")) == #"{"sessionId":"s","type":"success"}"#)
        #expect(
            try JSON.text(Messages.SpawnAnswer.approval("/new"))
                == #"{"directory":"/new","type":"requestToApproveDirectoryCreation"}"#)
        #expect(
            try JSON.text(Messages.SpawnAnswer.error("no")) == #"{"errorMessage":"no","type":"error"}"#)
        #expect(try JSON.text(Messages.StopAnswer(status: "already_gone")) == #"{"status":"already_gone"}"#)
        #expect(
            try JSON.text(Messages.Message(message: "Runner stop request acknowledged"))
                == #"{"message":"Runner stop request acknowledged"}"#)
        #expect(
            try JSON.text(Messages.existing([("/nope", false), ("/home/dev/work", true)]))
                == #"{"exists":{"/home/dev/work":true,"/nope":false}}"#)
        #expect(try JSON.text(RPCError(error: "Method not found")) == #"{"error":"Method not found"}"#)
    }

    @Test func aCursorStoreThatIsNotThereIsAWrittenNull() throws {
        #expect(try JSON.text(MachineRPCMessages.CursorStore.none) == #"{"onDisk":false,"store":null}"#)
    }

    @Test func aDirectoryListingSaysWhetherItSucceeded() throws {
        typealias Messages = MachineRPCMessages
        #expect(try JSON.text(Messages.DirectoryListing(entries: [])) == #"{"entries":[],"success":true}"#)
        #expect(try JSON.text(Messages.DirectoryListing(error: "no")) == #"{"error":"no","success":false}"#)
        let entries: [Messages.DirectoryEntry] = [
            .init(name: "src", type: "directory", size: 4096, modified: 1_795_335_719_647, isGitRepo: true),
            .init(name: "link", type: "other", size: nil, modified: nil, isGitRepo: false),
        ]
        let text = #"""
            {"success":true,"entries":[
             {"name":"src","type":"directory","size":4096,"modified":1795335719647,"isGitRepo":true},
             {"name":"link","type":"other","isGitRepo":false}]}
            """#
        #expect(try isSame(Messages.DirectoryListing(entries: entries), text))
    }

    @Test(arguments: ["{}", #"{"sessionId":null}"#])
    func aStopWithoutASessionIsReadAsOne(text: String) throws {
        #expect(try JSON.decode(MachineRPCMessages.StopSession.self, from: text.utf8).sessionId == nil)
    }
}
