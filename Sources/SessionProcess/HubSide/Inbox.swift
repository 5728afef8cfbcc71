import HubProtocol

/// Remembers which messages of the hub have been taken. The hub repeats each one until it is acknowledged,
/// and may repeat others after a lost connection.
struct Inbox: Sendable {
    private static let limit = 4096

    /// The highest `seq` seen.
    private(set) var cursor = 0
    private var taken: Set<String> = []
    private var order: [String] = []

    /// A person's message; nil if it was taken before, is an echo, or is not from a person.
    mutating func take(_ row: SessionMessageRow, uploads: String) -> PersonMessage? {
        cursor = max(cursor, row.seq)
        guard row.content["role"]?.string == "user", row.content["meta"]?["sentFrom"]?.string != "cli",
            row.content["content"]?["type"]?.string == "text"
        else { return nil }
        let id = row.id ?? "seq-\(row.seq)"
        guard taken.insert(id).inserted else { return nil }
        order.append(id)
        if order.count > Self.limit { taken.remove(order.removeFirst()) }
        let body = row.content["content"]
        // Only files from `uploadFile`: a message must not name arbitrary files on this machine.
        let attachments = (body?["attachments"]?.array ?? []).compactMap { file -> Attachment? in
            guard let path = file["path"]?.string, path.hasPrefix(uploads + "/"), !path.contains("/../")
            else {
                return nil
            }
            return Attachment(
                path: path, filename: file["filename"]?.string ?? path,
                mimeType: file["mimeType"]?.string ?? "application/octet-stream")
        }
        return PersonMessage(
            key: row.localId ?? id, text: body?["text"]?.string ?? "", attachments: attachments,
            steers: row.content["meta"]?["deliveryMode"]?.string == "steer",
            isAcknowledged: row.localId != nil)
    }
}
