import SessionProcess
import Testing

@Suite struct LineFramingTests {
    @Test func linesAreCutWhereverTheBytesAreSplit() {
        let text = Array("one\r\n\ntwo\nthree".utf8)
        for size in 1...text.count {
            var framing = LineFraming()
            var pieces: [LineFraming.Piece] = []
            for start in stride(from: 0, to: text.count, by: size) {
                pieces += framing.append(text[start..<min(start + size, text.count)])
            }
            pieces += framing.finish()
            #expect(pieces == ["one", "two", "three"].map { .line(Array($0.utf8)) })
        }
    }

    @Test func aLineOverTheLimitIsDroppedAndTheNextOneIsRead() {
        var framing = LineFraming(limit: 4)
        #expect(framing.append(Array("12345".utf8)) == [])
        #expect(framing.append(Array("678\nnext\n".utf8)) == [.dropped(bytes: 8), .line(Array("next".utf8))])
    }
}
