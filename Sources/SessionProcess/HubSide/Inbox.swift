import HubProtocol

/// Which of the hub's messages were taken: the hub sends each again and again until it is acknowledged,
/// and others a second time after a line was lost.
struct Inbox: Sendable {
    private static let limit = 4096

    /// The highest `seq` seen.
    private(set) var cursor = 0
    private var taken: Set<String> = []
    private var order: [String] = []

    /// What a person wrote; nil for what was taken before, is an echo, or nobody's.
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
        // Only what came by `uploadFile`: a message may not name any file of the machine.
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
