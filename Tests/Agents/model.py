#!/usr/bin/env python3
"""A scripted model on loopback that answers as the APIs of Anthropic and OpenAI do, for driving real agents.

The last user text decides, by its last line that is a verb: say WORDS, think WORDS, tool NAME {json}, slow SECONDS,
fail STATUS, asked (says which model was asked for, and how hard it is to think); after a tool's result it says what the
tool said. Prints its port; ends with standard input.
"""
import fnmatch
import json
import os
import re
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERB = re.compile(r"^\s*(say|think|tool|slow|fail|asked)\b *(.*?)\s*$", re.M)


def text_of(content):
    if isinstance(content, str):
        return content
    return "\n".join(block.get("text") or "" for block in content or [] if block.get("type") == "text")


def wanted(messages, body):
    """(verb, rest) of the conversation's end."""
    last = next((message for message in reversed(messages) if message["role"] == "user"), {"content": ""})
    blocks = last["content"] if isinstance(last["content"], list) else []
    results = [index for index, block in enumerate(blocks) if block.get("type") == "tool_result"]
    after = text_of(blocks[results[-1] + 1:]) if results else text_of(last["content"])
    found = VERB.findall(after)
    if found and found[-1][0] == "asked":
        efforts = [(body.get(key) or {}).get("effort") for key in ("reasoning", "output_config")]
        effort = next(filter(None, [*efforts, body.get("reasoning_effort")]), "as it is")
        return "say", f"asked {body.get('model')} {effort}"
    if found:
        return found[-1]
    if results:
        return "say", "tool said: " + text_of(blocks[results[-1]].get("content"))[:200]
    return "say", "echo: " + after.strip()[-80:]


def result(output):
    """What a tool said, as a message of the user's."""
    text = output if isinstance(output, str) else json.dumps(output)
    return {"role": "user", "content": [{"type": "tool_result", "content": text}]}


def pieces(text, seconds):
    """The words of an answer, one after another, so many seconds long in all."""
    words = re.findall(r"\S+\s*", text or "")
    for word in words:
        time.sleep(seconds / len(words))
        yield word


def tool_named(pattern, body):
    """The tool that is offered under such a name; agents prefix theirs."""
    names = [tool.get("function", tool).get("name") or "" for tool in body.get("tools") or []]
    return next((name for name in names if fnmatch.fnmatch(name, pattern)), pattern)


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
        wires = {"/messages": self.answer, "/responses": self.answer_responses, "/chat/completions": self.answer_chat}
        answer = next((answer for end, answer in wires.items() if path.endswith(end)), None)
        if answer is None:
            return self.reply({})
        try:
            answer(body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def answer(self, body):
        verb, rest = wanted([m for m in body.get("messages") or [] if m.get("role") in ("user", "assistant")], body)
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
        self.begin()
        self.event("message_start", message=message)
        for index, block in enumerate(blocks):
            self.stream(index, block, float(rest.split(" ")[0]) if verb == "slow" else 0)
        self.event("message_delta", delta={"stop_reason": stop, "stop_sequence": None}, usage={"output_tokens": 42})
        self.event("message_stop")
        self.end()

    # -- OpenAI's Responses, which Codex speaks ---------------------------------------------------------------

    def answer_responses(self, body):
        messages = []
        for item in body.get("input") or []:
            kind = item.get("type")
            if kind == "message" and item.get("role") == "user":
                texts = [part.get("text") or "" for part in item["content"] if part.get("type") == "input_text"]
                messages.append({"role": "user", "content": "\n".join(texts)})
            elif kind in ("function_call_output", "custom_tool_call_output"):
                messages.append(result(item.get("output")))
        verb, rest = wanted(messages, body)
        if verb == "fail":
            return self.reply({"error": {"message": "scripted failure", "type": "server_error"}}, int(rest or 400))
        name = "resp_" + uuid.uuid4().hex
        usage = {"input_tokens": 100, "output_tokens": 42, "total_tokens": 142,
                 "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0}}
        self.begin()
        self.event("response.created", response={"id": name})
        for index, block in enumerate(self.blocks(verb, rest)):
            self.item(index, block, float(rest.split(" ")[0]) if verb == "slow" else 0)
        self.event("response.completed", response={"id": name, "usage": usage})
        self.end()

    def item(self, index, block, seconds):
        key = block["type"] + "_" + uuid.uuid4().hex
        if block["type"] == "thinking":
            summary = [{"type": "summary_text", "text": block["thinking"]}]
            item, empty = {"type": "reasoning", "id": key, "summary": summary}, {"type": "reasoning", "id": key, "summary": []}
        elif block["type"] == "tool_use":
            item = empty = {"type": "function_call", "id": key, "call_id": "call_" + uuid.uuid4().hex, "name": block["name"],
                            "arguments": json.dumps(block["input"])}
        else:
            item = {"type": "message", "id": key, "role": "assistant", "content": [{"type": "output_text", "text": block["text"]}]}
            empty = {**item, "content": []}
        self.event("response.output_item.added", output_index=index, item=empty)
        if block["type"] == "thinking":
            self.event("response.reasoning_summary_text.delta", item_id=key, output_index=index, summary_index=0, delta=block["thinking"])
        for word in pieces(block.get("text"), seconds):
            self.event("response.output_text.delta", item_id=key, output_index=index, content_index=0, delta=word)
        self.event("response.output_item.done", output_index=index, item=item)

    # -- OpenAI's Chat Completions, which Mistral Vibe speaks -------------------------------------------------

    def answer_chat(self, body):
        messages = []
        for message in body.get("messages") or []:
            if message.get("role") == "user":
                messages.append({"role": "user", "content": message.get("content") or ""})
            elif message.get("role") == "tool":
                messages.append(result(message.get("content")))
        verb, rest = wanted(messages, body)
        if verb == "fail":
            return self.reply({"error": {"message": "scripted failure"}}, int(rest or 400))
        blocks = [block for block in self.blocks(verb, rest) if block["type"] != "thinking"]
        calls = [{"index": 0, "id": "call_" + uuid.uuid4().hex[:9], "type": "function",
                  "function": {"name": tool_named(block["name"], body), "arguments": json.dumps(block["input"])}}
                 for block in blocks if block["type"] == "tool_use"]
        text = "".join(block["text"] for block in blocks if block["type"] == "text")
        head = {"id": "chatcmpl-" + uuid.uuid4().hex, "object": "chat.completion", "created": int(time.time()), "model": body.get("model")}
        usage = {"prompt_tokens": 100, "completion_tokens": 42, "total_tokens": 142}
        finish = "tool_calls" if calls else "stop"
        if not body.get("stream"):
            message = {"role": "assistant", "content": text or None, **({"tool_calls": calls} if calls else {})}
            return self.reply({**head, "choices": [{"index": 0, "message": message, "finish_reason": finish}], "usage": usage})
        self.begin()

        def chunk(delta, finish=None, **more):
            choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
            self.line({**head, "object": "chat.completion.chunk", "choices": choices, **more})

        chunk({"role": "assistant", "content": ""})
        for word in pieces(text, float(rest.split(" ")[0]) if verb == "slow" else 0):
            chunk({"content": word})
        if calls:
            chunk({"tool_calls": calls})
        chunk({}, finish, usage=usage)
        self.write(b"data: [DONE]\n\n")
        self.end()

    # -- Server-sent events -----------------------------------------------------------------------------------

    def begin(self):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()

    def end(self):
        self.wfile.write(b"0\r\n\r\n")

    def line(self, data):
        self.write(f"data: {json.dumps(data)}\n\n".encode())

    def write(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
        self.wfile.flush()

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
            for word in pieces(block["text"], seconds):
                self.event("content_block_delta", index=index, delta={"type": "text_delta", "text": word})
        elif block["type"] == "thinking":
            for key, kind in (("thinking", "thinking_delta"), ("signature", "signature_delta")):
                self.event("content_block_delta", index=index, delta={"type": kind, key: block[key]})
        else:
            delta = {"type": "input_json_delta", "partial_json": json.dumps(block["input"])}
            self.event("content_block_delta", index=index, delta=delta)
        self.event("content_block_stop", index=index)

    def event(self, kind, **members):
        self.write(f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n".encode())


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("listening on", server.server_port, flush=True)
    while os.read(0, 4096):
        pass
