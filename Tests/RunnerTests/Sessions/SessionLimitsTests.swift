import Testing

@testable import Runner

/// Limits as people write them, and who enforces them where.
@Suite struct SessionLimitsTests {
    @Test func limitsAreReadAsPeopleWriteThem() throws {
        let limits = try SessionLimits(memory: "8G", cpus: 1.5, timeout: "4h")
        #expect(limits.memory == 8 << 30 && limits.processors == 150 && limits.seconds == 14_400)
        #expect(try SessionLimits(memory: "512m", cpus: nil, timeout: "30min").memory == 512 << 20)
        #expect(try !SessionLimits(memory: nil, cpus: nil, timeout: "90s").needsCgroup)
    }

    @Test(arguments: ["", "8", "8GB", "G", "-1G", "8.5G", "1e9", "15M", "0G", "9999999T"])
    func whatIsNoSizeIsRefused(text: String) {
        #expect(throws: LimitRefusal.self) {
            try SessionLimits(memory: text, cpus: nil, timeout: nil)
        }
    }

    @Test(arguments: [0, -1, 0.001, 1e9, .nan, .infinity] as [Double])
    func whatIsNoNumberOfProcessorsIsRefused(cpus: Double) {
        #expect(throws: LimitRefusal.self) {
            try SessionLimits(memory: nil, cpus: cpus, timeout: nil)
        }
    }

    @Test(arguments: ["", "4", "4m", "0s", "-4h", "4 h", "100000s", "h"])
    func whatIsNoTimeIsRefused(text: String) {
        #expect(throws: LimitRefusal.self) {
            try SessionLimits(memory: nil, cpus: nil, timeout: text)
        }
    }

    private func choose(_ facts: CgroupFacts) throws -> LimitEnforcement {
        try LimitEnforcement.choose(for: SessionLimits(memory: "1G", cpus: 1, timeout: nil), facts)
    }

    @Test func systemdComesFirstAndTheOwnCgroupIsNext() throws {
        var facts = CgroupFacts(
            mount: "/sys/fs/cgroup", controllers: ["cpu", "memory"], own: "/sys/fs/cgroup",
            systemdRun: "/usr/bin/systemd-run", isUserManager: true)
        #expect(try choose(facts) == .scope(program: "/usr/bin/systemd-run", isUser: true))
        facts.systemdRun = nil
        #expect(try choose(facts) == .cgroup(in: "/sys/fs/cgroup"))
    }

    @Test(
        arguments: [
            (CgroupFacts(), "no unified cgroup hierarchy"),
            (CgroupFacts(mount: "/c", controllers: ["cpu"], own: "/c"), "no memory controller"),
            (CgroupFacts(mount: "/c", controllers: ["memory"], own: "/c"), "no cpu controller"),
            (CgroupFacts(mount: "/c", controllers: ["cpu", "memory"]), "not delegated"),
        ])
    func whereNobodyCanEnforceThemThatIsSaid(facts: CgroupFacts, why: String) {
        do {
            _ = try choose(facts)
            Issue.record("nobody can enforce anything here")
        } catch {
            #expect("\(error)".contains(why) && "\(error)".contains("time limit works"))
        }
    }

    @Test func aScopeGetsTheLimitsInSystemdsWords() throws {
        let limits = try SessionLimits(memory: "1G", cpus: 1.5, timeout: nil)
        let words = LimitEnforcement.scopeArguments(limits, session: "1", isUser: true)
        #expect(words.first == "--user" && words.last == "--")
        #expect(
            words.contains("--property=MemoryMax=1073741824") && words.contains("--property=CPUQuota=150%"))
    }

    @Test(
        arguments: [
            ("/sys/fs/cgroup/", "/sys/fs/cgroup"), ("/c/own", "/c/own"), ("/c/own/hapi-runner", "/c/own"),
            ("/c/own/my-hapi-runner", "/c/own/my-hapi-runner"),
        ])
    func aRunnerThatHasMovedIntoALeafStillOwnsWhatIsAboveIt(own: String, parent: String) {
        #expect(SessionCgroup.parent(of: own) == parent)
    }
}
