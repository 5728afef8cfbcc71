import Testing

@testable import HubProtocol
