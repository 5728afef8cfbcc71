import FoundationEssentials

/// A new UUID, in lower case as HAPI writes them.
func newID() -> String { UUID().uuidString.lowercased() }
