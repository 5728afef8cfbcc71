import Glibc
import NIOCore
import NIOPosix
import Processes

/// The three pipes between this process and an agent.
final class AgentStreams: Sendable {
    struct Ends: Sendable {
        let reading: Int32
        let writing: Int32
    }

    let input: Ends
    let output: Ends
    let errors: Ends

    init() throws {
        var made: [Ends] = []
        for _ in 0..<3 {
            var ends: [Int32] = [-1, -1]
            guard pipe(&ends) == 0 else {
                let code = errno
                for ends in made {
                    close(ends.reading)
                    close(ends.writing)
                }
                throw FileError(action: "create", path: "a pipe", code: code)
            }
            // Not atomic with `pipe`, but a program started in between closes all descriptors that it was not
            // given.
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            made.append(Ends(reading: ends[0], writing: ends[1]))
        }
        (input, output, errors) = (made[0], made[1], made[2])
    }

    /// Call this once the agent's process has its own copies.
    func closeTheAgentsEnds() {
        close(input.reading)
        close(output.writing)
        close(errors.writing)
    }

    /// Call this if no process was started.
    func closeOurEnds() {
        close(input.writing)
        close(output.reading)
        close(errors.reading)
    }

    func open() async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .takingOwnershipOfDescriptors(input: output.reading, output: input.writing) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
    }

    func openErrors() async throws -> NIOAsyncChannel<ByteBuffer, Never> {
        try await NIOPipeBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .takingOwnershipOfDescriptor(input: errors.reading) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
    }
}
