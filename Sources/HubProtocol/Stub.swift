public enum HubProtocolVersion { public static let current = 1 }
