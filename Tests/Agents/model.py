#!/usr/bin/env python3
"""A scripted model on loopback that answers as Anthropic's API does, for driving the real Claude Code.

The last user text decides, by its last line that is a verb: say WORDS, think WORDS, tool NAME {json}, slow SECONDS,
fail STATUS; after a tool's result it says what the tool said. Prints its port; ends with standard input.
"""
import json
import os
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERB = re.compile(r"^\s*(say|think|tool|slow|fail)\b *(.*?)\s*$", re.M)


def text_of(content):
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text") or "" for block in content or [] if block.get("type") == "text")


def wanted(messages):
    """(verb, rest) of the conversation's end."""
    last = next((message for message in reversed(messages) if message["role"] == "user"), {"content": ""})
    blocks = last["content"] if isinstance(last["content"], list) else []
    results = [index for index, block in enumerate(blocks) if block.get("type") == "tool_result"]
    after = text_of(blocks[results[-1] + 1:]) if results else text_of(last["content"])
    found = VERB.findall(after)
    if found:
        return found[-1]
    if results:
        return "say", "tool said: " + text_of(blocks[results[-1]].get("content"))[:200]
    return "say", "echo: " + after.strip()[-80:]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *words):
        pass

    def reply(self, answer, status=200):
        data = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def do_GET(self):
        self.reply({"data": [], "has_more": False})

    do_HEAD = do_GET

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or b"{}")
        path = self.path.split("?")[0]
        if path.endswith("/count_tokens"):
            return self.reply({"input_tokens": 1000})
        if not path.endswith("/messages"):
            return self.reply({})
        try:
            self.answer(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, body):
        verb, rest = wanted([m for m in body.get("messages") or [] if m.get("role") in ("user", "assistant")])
        if verb == "fail":
            error = {"type": "api_error", "message": "scripted failure"}
            return self.reply({"type": "error", "error": error}, int(rest or 400))
        blocks = self.blocks(verb, rest)
        stop = "tool_use" if verb == "tool" else "end_turn"
        usage = {"input_tokens": 100, "output_tokens": 1}
        message = {"id": "msg_" + uuid.uuid4().hex[:24], "type": "message", "role": "assistant",
                   "model": body.get("model"), "content": [], "stop_reason": None, "stop_sequence": None, "usage": usage}
        if not body.get("stream"):
            return self.reply({**message, "content": blocks, "stop_reason": stop})
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.event("message_start", message=message)
        for index, block in enumerate(blocks):
            self.stream(index, block, float(rest.split(" ")[0]) if verb == "slow" else 0)
        self.event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 42})
        self.event("message_stop")
        self.wfile.write(b"0\r\n\r\n")

    def blocks(self, verb, rest):
        if verb == "think":
            return [{"type": "thinking", "thinking": rest, "signature": "ZmFrZQ=="}, {"type": "text", "text": "thought"}]
        if verb == "tool":
            name, _, given = rest.partition(" ")
            return [{"type": "tool_use", "id": "toolu_" + uuid.uuid4().hex[:22], "name": name,
                     "input": json.loads(given or "{}")}]
        return [{"type": "text", "text": "one two three four five six" if verb == "slow" else rest}]

    def stream(self, index, block, seconds):
        empty = {"text": {"text": ""}, "thinking": {"thinking": "", "signature": ""}, "tool_use": {"input": {}}}
        self.event("content_block_start", index=index, content_block={**block, **empty[block["type"]]})
        if block["type"] == "text":
            words = re.findall(r"\S+\s*", block["text"])
            for word in words:
                time.sleep(seconds / len(words))
                self.event("content_block_delta", index=index, delta={"type": "text_delta", "text": word})
        elif block["type"] == "thinking":
            for key, kind in (("thinking", "thinking_delta"), ("signature", "signature_delta")):
                self.event("content_block_delta", index=index, delta={"type": kind, key: block[key]})
        else:
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            self.event("content_block_delta", index=index, delta=delta)
        self.event("content_block_stop", index=index)

    def event(self, kind, **members):
        data = f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("listening on", server.server_port, flush=True)
    while os.read(0, 4096):
        pass
