"""What the web app draws of a session's messages, and what would look wrong in it (session contract §4, §5)."""
import shapes

EVENTS = {"ready": (), "message": ("message",), "error": ("message",), "permission-mode-changed": ("mode",),
          "switch": ("mode",), "title-changed": ("title",), "compact-summary": ("summary",), "abort-restore": ("text",)}
BLOCKS = {"text": ("text",), "thinking": ("thinking",), "tool_use": ("id", "name")}
CODEX = {
    "message": shapes.record({"type": shapes.text, "message": shapes.text, "id?": shapes.text,
                              "streamSnapshot?": shapes.flag}, unknown="refuse"),
    "reasoning": shapes.record({"type": shapes.text, "message": shapes.text, "id": shapes.text,
                                "live?": shapes.flag}, unknown="refuse"),
    "tool-call": shapes.record({"type": shapes.text, "callId": shapes.name, "name": shapes.name,
                                "input": shapes.anything}),
    "tool-call-result": shapes.record({"type": shapes.text, "callId": shapes.name, "output": shapes.anything,
                                       "is_error": shapes.flag}),
    "plan": shapes.record({"type": shapes.text, "entries": shapes.list_of(shapes.record({
        "content": shapes.text, "priority": shapes.one_of("high", "medium", "low"),
        "status": shapes.one_of("pending", "in_progress", "completed")}))}),
    "token_count": shapes.record({"type": shapes.text, "model": shapes.nullable(shapes.text),
                                  "usageSchema": shapes.one_of("hapi.usage.v1"), "info": shapes.record({
                                      "total": shapes.record({"inputTokens": shapes.number,
                                                              "outputTokens": shapes.number})})}),
    "error": shapes.record({"type": shapes.text, "message": shapes.text}),
    "context_compacted": shapes.record({"type": shapes.text, "trigger": shapes.text, "preTokens": shapes.number}),
}
OUTPUT = ("uuid", "parentUuid", "isSidechain", "timestamp", "sessionId", "cwd", "version")
LONGEST = 64 * 1024


def strings(value):
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)


class Chat:
    """Reads a session's messages from the beginning, as a browser does."""

    def __init__(self):
        self.faults, self.opened, self.closed = [], {}, {}
        self.seen, self.growing, self.open_text = set(), {}, None

    def fault(self, number, words):
        self.faults.append(f"message {number}: {words}")

    def read(self, row):
        for message in row["messages"]:
            content = message["content"]
            if isinstance(content, dict) and content.get("role") == "agent":
                self.agent(message["seq"], content)
        self.requests(row)
        return self.faults

    def agent(self, number, message):
        content = message.get("content")
        kind = content.get("type") if isinstance(content, dict) else None
        if any(len(text.encode()) > LONGEST for text in strings(content)):
            self.fault(number, "the hub would cut a string of it")
        if kind == "event":
            self.event(number, content)
        elif kind == "codex":
            self.codex(number, content.get("data"))
        elif kind == "output":
            self.output(number, content.get("data"))
        else:
            self.fault(number, f"no such content {kind!r}")

    def once(self, number, what, name):
        if (what, name) in self.seen:
            self.fault(number, f"{what} {name} came before")
        self.seen.add((what, name))

    def event(self, number, content):
        data = content.get("data") or {}
        self.once(number, "event", content.get("id"))
        if data.get("type") not in EVENTS:
            return self.fault(number, f"no such event {data.get('type')!r}")
        for key in EVENTS[data["type"]]:
            if not isinstance(data.get(key), str):
                self.fault(number, f"the event {data['type']} needs {key}")

    # -- the codex family -----------------------------------------------------------------------------

    def codex(self, number, data):
        kind = data.get("type") if isinstance(data, dict) else None
        problem = "no such type" if kind not in CODEX else shapes.fault(CODEX[kind], data, kind)
        if problem:
            return self.fault(number, f"{kind}: {problem}")
        if kind in ("message", "reasoning"):
            self.grow(number, kind, data)
        elif kind == "tool-call":
            self.open(data["callId"], data["name"], data["input"])
        elif kind == "tool-call-result":
            self.close(number, data["callId"])

    def grow(self, number, kind, data):
        name = data.get("id")
        if name is None:
            return
        before = self.growing.get((kind, name))
        if before is not None and not data["message"].startswith(before):
            self.fault(number, f"{kind} {name} does not go on from what it was")
        if before is not None and self.open_text != (kind, name):
            self.fault(number, f"{kind} {name} goes on after another")
        self.growing[kind, name], self.open_text = data["message"], (kind, name)

    # -- Claude's family ------------------------------------------------------------------------------

    def output(self, number, data):
        missing = [key for key in OUTPUT if key not in data]
        if missing:
            self.fault(number, f"without {missing}")
        self.once(number, "entry", data.get("uuid"))
        if data["isSidechain"] and data.get("parentToolUseId") not in self.opened:
            self.fault(number, "inside a card that is not there")
        if data["type"] == "system":
            if data.get("subtype") not in ("turn_duration", "compact_boundary", "api_error"):
                self.fault(number, f"system {data.get('subtype')} is not drawn")
        elif data["type"] in ("assistant", "user"):
            if data["type"] == "user" and isinstance(data["message"]["content"], str):
                return      # a marker, which nobody sees
            for block in data["message"]["content"]:
                self.block(number, data["type"], block)
        else:
            self.fault(number, f"{data['type']} would be shown as JSON")

    def block(self, number, role, block):
        kind = block.get("type")
        if role == "user":
            if kind != "tool_result":
                return self.fault(number, "a bubble on the person's side")
            return self.close(number, block["tool_use_id"])
        if kind not in BLOCKS or any(not isinstance(block.get(key), str) for key in BLOCKS[kind]):
            return self.fault(number, f"no such block: {kind}")
        if kind == "tool_use":
            self.open(block["id"], block["name"], block["input"])

    # -- cards and requests ---------------------------------------------------------------------------

    def open(self, card, name, given):
        self.opened[card] = (name, given)
        self.closed.pop(card, None)

    def close(self, number, card):
        if card not in self.opened:
            self.fault(number, f"a result for the card {card}, which is not there")
        if card in self.closed:
            self.fault(number, f"a second result for the card {card}")
        self.closed[card] = number

    def requests(self, row):
        state = row["agentState"] or {}
        open_requests, done = state.get("requests") or {}, state.get("completedRequests") or {}
        for card, request in {**open_requests, **done}.items():
            if card not in self.opened:
                self.faults.append(f"the request {card} has no card")
            elif request["tool"] != self.opened[card][0]:
                self.faults.append(f"the request {card} is for {request['tool']}, its card for {self.opened[card][0]}")
        if row["ended"] or not row["thinking"]:
            left = [card for card in self.opened if card not in self.closed]
            if left and row["ended"]:
                self.faults.append(f"cards left open: {left}")
        if row["ended"] and open_requests:
            self.faults.append(f"requests left pending: {list(open_requests)}")
