// swift-tools-version: 6.1
import PackageDescription

/// Crash points are compiled into debug builds only, for tests.
let crashPoints: [SwiftSetting] = [.define("CRASH_POINTS", .when(configuration: .debug))]

let package = Package(
    name: "hapi",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "hapi", targets: ["hapi"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "CProcess"),
        // The bottom layer: files, paths as bytes, process identity, launch, readiness, stop sequence.
        .target(name: "Processes", dependencies: ["CProcess"], swiftSettings: crashPoints),
        .target(
            name: "RunnerStore",
            dependencies: ["CSQLite", "Processes"],
            // A symbolic link to the top-level migrations/, so that the SQL is embedded in the binary.
            resources: [.embedInCode("migrations")],
            swiftSettings: crashPoints
        ),
        // One process per session, which outlives upgrades: it must stay small, so it may import nothing else.
        .target(
            name: "Monitor", dependencies: ["CProcess", "Processes", "RunnerStore"],
            swiftSettings: crashPoints),
        .target(name: "HubProtocol"),
        .target(
            name: "SocketIO",
            dependencies: [
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOWebSocket", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        .target(
            name: "HubClient",
            dependencies: [
                "HubProtocol", "SocketIO",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]
        ),
        // A runner seen from outside, for commands and session processes: home, settings, presence, start, stop.
        .target(
            name: "Home",
            dependencies: [
                "CProcess", "HubClient", "HubProtocol", "Processes", "RunnerStore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: crashPoints
        ),
        // One session: a conversation between people and an agent.
        .target(
            name: "SessionProcess",
            dependencies: [
                "Home", "HubClient", "HubProtocol", "Processes", "RunnerStore", "SocketIO",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: crashPoints
        ),
        .target(
            name: "Runner",
            dependencies: [
                "CProcess", "Home", "HubClient", "HubProtocol", "Monitor", "Processes", "RunnerStore",
                "SocketIO",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: crashPoints
        ),
        .executableTarget(
            name: "hapi",
            dependencies: [
                "Home", "HubClient", "HubProtocol", "Monitor", "Processes", "Runner", "RunnerStore",
                "SessionProcess",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // Programs for tests.
        .executableTarget(name: "brief-session", path: "Tests/Programs/BriefSession"),
        .executableTarget(name: "refusing", path: "Tests/Programs/Refusing"),
        // Shared by the integration tests: a temporary home, the built program, the stand-in hub.
        .target(
            name: "RunnerTestSupport",
            dependencies: [
                "CProcess", "Home", "HubProtocol", "Monitor", "Processes", "Runner", "RunnerStore",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            path: "Tests/RunnerTestSupport"
        ),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "CProcess", "hapi", "Home", "HubClient", "HubProtocol", "Monitor", "Processes", "Runner",
                "RunnerStore", "RunnerTestSupport", "SocketIO",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: ["hapi", "Home", "HubClient", "HubProtocol", "Processes", "Runner", "RunnerStore"]),
        // Shared by the unit tests: a temporary folder, child processes, sample values, waiting.
        .target(
            name: "UnitTestSupport", dependencies: ["Home", "Processes", "RunnerStore"],
            path: "Tests/UnitTestSupport"),
        .testTarget(name: "ProcessesTests", dependencies: ["CProcess", "Processes", "UnitTestSupport"]),
        .testTarget(
            name: "RunnerStoreTests",
            dependencies: ["Processes", "RunnerStore", "UnitTestSupport"],
            exclude: ["Fixtures"]
        ),
        .testTarget(name: "MonitorTests", dependencies: ["Monitor", "UnitTestSupport"]),
        .testTarget(name: "HubProtocolTests", dependencies: ["HubProtocol"]),
        .testTarget(name: "HubClientTests", dependencies: ["HubClient", "SocketIO"]),
        .testTarget(
            name: "HomeTests",
            dependencies: [
                "Home", "HubClient", "HubProtocol", "Processes", "RunnerStore", "UnitTestSupport",
                .product(name: "Logging", package: "swift-log"),
            ]
        ),
        .testTarget(
            name: "SessionProcessTests",
            dependencies: ["Home", "HubProtocol", "Processes", "SessionProcess", "UnitTestSupport"]),
        .testTarget(
            name: "RunnerTests",
            dependencies: [
                "CProcess", "Home", "HubClient", "HubProtocol", "Processes", "Runner", "RunnerStore",
                "SessionProcess", "UnitTestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]
        ),
        .testTarget(
            name: "SocketIOTests",
            dependencies: [
                "RunnerTestSupport", "SocketIO",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            exclude: ["Server"]
        ),
    ],
    swiftLanguageModes: [.v6]
)
