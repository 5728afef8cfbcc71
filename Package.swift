// swift-tools-version: 6.1
import PackageDescription

/// Named crash points exist in programs for tests only.
let crashPoints: [SwiftSetting] = [.define("CRASH_POINTS", .when(configuration: .debug))]

let package = Package(
    name: "hapi",
    platforms: [.macOS(.v15)],
    products: [.executable(name: "hapi", targets: ["hapi"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        // Without its default traits Hummingbird leaves full Foundation (and ICU) out.
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(name: "CProcess"),
        .target(
            name: "RunnerStore",
            dependencies: ["CSQLite"],
            // A symlink to migrations/ at the top level, so that the SQL is in the binary.
            resources: [.embedInCode("migrations")],
            swiftSettings: crashPoints
        ),
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
        // One session: the conversation between people and an agent.
        .target(name: "SessionProcess", dependencies: ["HubProtocol"]),
        .target(
            name: "Runner",
            dependencies: [
                "CProcess", "HubProtocol", "RunnerStore", "SocketIO",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: crashPoints
        ),
        .executableTarget(
            name: "hapi",
            dependencies: [
                "HubProtocol", "Runner", "RunnerStore",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]
        ),
        // A throw-away home, the built program, the stand-in hub: what tests of whole processes share.
        .target(
            name: "RunnerTestSupport",
            dependencies: [
                "CProcess", "HubProtocol", "Runner", "RunnerStore",
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
            dependencies: ["CProcess", "hapi", "HubProtocol", "Runner", "RunnerStore", "RunnerTestSupport"]
        ),
        .testTarget(name: "CommandTests", dependencies: ["hapi", "Runner", "RunnerStore"]),
        .testTarget(
            name: "RunnerStoreTests",
            dependencies: ["RunnerStore"],
            exclude: ["Fixtures"]
        ),
        .testTarget(name: "HubProtocolTests", dependencies: ["HubProtocol"]),
        .testTarget(name: "SessionProcessTests", dependencies: ["HubProtocol", "SessionProcess"]),
        .testTarget(
            name: "RunnerTests",
            dependencies: [
                "CProcess", "HubProtocol", "Runner", "RunnerStore", "SocketIO",
                .product(name: "Logging", package: "swift-log"),
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
