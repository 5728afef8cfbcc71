"""What a hub does that means no good, or is broken: one thing at a time, by the mode `mischief`, until told to be sane.

Each takes the place of one answer: those in REST of any call under /cli, those in SOCKET of the WebSocket request.
"""
import asyncio
import itertools
import json
import re
import struct

from aiohttp import web

OPEN = '0{"sid":"m","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":50000000}'
DEEP = "[" * 100_000 + "]" * 100_000
WIDE = "1" + ",1" * 1_900_000              # as much as there may be in an answer
ROW = {"id": "m", "metadataVersion": 1, "runnerStateVersion": 1}


def meets(hub, request):
    """What is to be done with this request in place of the right thing; nothing if the hub is sane."""
    table = REST if request.path.startswith("/cli") else SOCKET if request.path.startswith("/socket.io") else {}
    return table.get(hub.mischief)


# Raw bytes.


def head(status="200 OK", *headers):
    return "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()


def raw(first, *, then=b"", pause=0.001):
    """Sends some bytes, and then others for ever; hangs up when the hub is sane again."""
    async def answer(hub, request):
        await pour(hub, request, first, then, pause)
        return web.Response()
    return answer


async def pour(hub, request, first, then=b"", pause=0.001):
    wire = request.transport
    wire.write(first)
    while then and not hub.sane.is_set() and not wire.is_closing():
        if wire.get_write_buffer_size() < 1 << 20:
            wire.write(then)
        await asyncio.sleep(pause)
    await hub.sane.wait()
    wire.abort()


# REST.


def answered(status, body, kind="application/json", **headers):
    async def answer(hub, request):
        return web.Response(status=status, body=body, content_type=kind, headers=headers)
    return answer


def echoed(status, kind):
    """Repeats what no answer should."""
    async def answer(hub, request):
        said = request.headers.get("Authorization", "") + " is what you said"
        body = json.dumps({"error": "x" * 990 + said}) if kind == "application/json" else said * 10_000
        return web.Response(status=status, text=body, content_type=kind)
    return answer


async def redirected(hub, request):
    return web.Response(status=307, headers={"Location": (hub.elsewhere or "") + request.path_qs})


def nested(depth):
    return json.dumps({"machine": ROW}).replace('"m"', '"m", "metadata": ' + '{"a":' * depth + "1" + "}" * depth).encode()


REST = {
    "html": answered(200, b"<html><body>Please log in</body></html>", "text/html"),
    "silence": raw(b""),
    "nothing": answered(200, b""),
    "no-machine": answered(200, b'{"machine":[]}'),
    "deep-answer": answered(200, DEEP.encode()),
    "deep-row": answered(200, nested(505)),
    "wide-row": answered(200, json.dumps({"machine": {**ROW, "metadata": ["%"]}}).replace('"%"', WIDE).encode()),
    "too-deep-row": answered(200, nested(100_000)),
    "compressed": answered(200, b"\x1f\x8b\x08" + bytes(1000), **{"Content-Encoding": "gzip"}),
    "endless-body": raw(head("200 OK", "Transfer-Encoding: chunked"), then=b"10000\r\n" + b" " * 65536 + b"\r\n"),
    "endless-chunk": raw(head("200 OK", "Transfer-Encoding: chunked") + b"7fffffffffffffff\r\n", then=b" " * 65536),
    "huge-body": raw(head("200 OK", "Content-Length: 99999999999"), then=b" " * 65536),
    "drip": raw(head("200 OK", "Content-Length: 1000000"), then=b" ", pause=0.05),
    "half-a-body": raw(head("200 OK", "Content-Length: 1000000") + b'{"machine":'),
    "bad-chunks": raw(head("200 OK", "Transfer-Encoding: chunked") + b"zz\r\n{}\r\n-1\r\n"),
    "two-lengths": raw(head("200 OK", "Content-Length: 2", "Content-Length: 3") + b"{}{}"),
    "endless-head": raw(b"HTTP/1.1 200 OK\r\n", then=b"X-A: " + b"a" * 60_000 + b"\r\n"),
    "endless-header": raw(b"HTTP/1.1 200 OK\r\nX-A: ", then=b"a" * 65536),
    "endless-continue": raw(b"", then=head("100 Continue") * 1000),
    "no-http": raw(b"\x00\xff" * 5000),
    "redirect": redirected,
    "echo": echoed(401, "application/json"),
    "echo-text": echoed(403, "text/plain"),
    "echo-error": echoed(500, "text/html"),
}


# Socket.IO.


def frame(opcode, payload, final=True):
    start = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        return start + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return start + bytes([126]) + struct.pack(">H", len(payload)) + payload
    return start + bytes([127]) + struct.pack(">Q", len(payload)) + payload


def text(*packets):
    return b"".join(frame(1, packet.encode()) for packet in packets)


async def accept(request):
    socket = web.WebSocketResponse(max_msg_size=0, compress=False, autoping=False, autoclose=False)
    await socket.prepare(request)
    return socket


def connected(first=b"", *, then=b"", hangs_up=False, opening=text(OPEN), joined=text('40/cli,{"sid":"m"}')):
    """A connection that is opened as told, and then sends some bytes, and others for ever."""
    async def answer(hub, request):
        socket = await accept(request)
        request.transport.write(opening)
        if joined:
            await socket.receive()
        request.transport.write(joined + (b"" if then else first))
        if hangs_up:
            request.transport.close()
        await pour(hub, request, first if then else b"", then)
        return socket
    return answer


def acknowledging(*answers):
    """Answers each call with these, in which `%` stands for its id."""
    async def answer(hub, request):
        socket = await accept(request)
        await socket.send_str(OPEN)
        await socket.receive()
        await socket.send_str('40/cli,{"sid":"m"}')
        async for message in socket:
            call = re.match(r"42/cli,(\d+)\[", message.data)
            for said in answers if call else ():
                await socket.send_str(said.replace("%", call[1]))
            if hub.sane.is_set():
                break
        request.transport.abort()
        return socket
    return answer


async def no_upgrade(hub, request):
    return await raw(b"")(hub, request)


async def echoing_refusal(hub, request):
    """Refuses the namespace, and repeats the token at length."""
    socket = await accept(request)
    await socket.send_str(OPEN)
    token = json.loads((await socket.receive()).data.removeprefix("40/cli,"))["token"]
    await socket.send_str("44/cli," + json.dumps({"message": f"{token} is not it. " * 20_000}))
    await pour(hub, request, b"")
    return socket


async def echoing_goodbye(hub, request):
    socket = await accept(request)
    await socket.send_str(OPEN)
    token = json.loads((await socket.receive()).data.removeprefix("40/cli,"))["token"]
    await socket.send_str('40/cli,{"sid":"m"}')
    await socket.close(code=1008, message=f"not with {token}".encode())
    return socket


SURROGATE = r"\ud800"
PARAMS = [
    "", "null", "[]", "7", '"x"', "{", "[" * 100_000, '{"a":' * 100_000, '{"directory":' + "9" * 100_000 + "}",
    '{"directory":"\\u0000"}', f'{{"directory":"{SURROGATE}"}}', '{"directory":{"a":"b"}}', '{"directory":["/"]}',
    '{"__proto__":{"directory":"/"},"constructor":{"prototype":{}}}', '{"directory":null}', '{"directory":1e999}',
    '{"sessionId":"__proto__"}', '{"sessionId":"PID-1"}', '{"sessionId":"PID-99999999999999999999"}', '{"sessionId":"%s"}',
    '{"sessionId":"' + "x" * 1_000_000 + '"}', '{"paths":["\\u0000","' + "/a" * 10_000 + '","//../..","~"]}',
    '{"paths":{"length":1e9}}', '{"path":"/proc/self/fd"}', '{"path":"/\\ud83d"}', '{"directory":"relative","agent":"--help"}',
]
METHODS = ["spawn-happy-session", "stop-session", "path-exists", "list-directory"]


async def calls(hub, request):
    """Calls every method with all kinds of parameters, and then with what is no call; counts who answers."""
    socket = await accept(request)
    await socket.send_str(OPEN)
    await socket.receive()
    await socket.send_str('40/cli,{"sid":"m"}')
    asked = list(itertools.product(METHODS, PARAMS))
    for number, (method, params) in enumerate(asked):
        await socket.send_str(f"42/cli,{number}" + json.dumps(["rpc-request", {"method": "m:" + method, "params": params}]))
    for odd in ('["rpc-request"]', '["rpc-request",null]', '["rpc-request",{"method":7,"params":{}}]', '["rpc-request",[],[]]',
                '["rpc-request",{"method":"\\ud800","params":"{}"}]', '["rpc-request",' + DEEP + "]", '["",""]', '["update"]'):
        await socket.send_str("42/cli,999999" + odd)
    async for message in socket:
        said = re.match(r"43/cli,(\d+)\[", message.data)
        if said:
            hub.answered.add(said[1])
        hub.all_answered = len(hub.answered) >= len(asked)
        if hub.sane.is_set() or hub.all_answered:
            break
    await pour(hub, request, b"")
    return socket


EVENT = '42/cli,["update",{}]'
BLOB = '["blob",{"_placeholder":true,"num":0}]'
TAKEN = '43/cli,%[{"result":"success","version":2}]'
SOCKET = {
    "no-upgrade": no_upgrade,
    "no-open": connected(opening=b"", joined=b""),
    "no-connect": connected(joined=b""),
    "no-acks": connected(),
    "acks-twice": acknowledging(TAKEN, TAKEN, "43/cli,%[7]"),
    "wrong-ids": acknowledging("43/cli,1%[0]", "43/cli,0[0]", "43/cli,9223372036854775807[0]", "43/cli,[0]"),
    "wrong-types": acknowledging('43/cli,%["success"]'),
    "empty-acks": acknowledging("43/cli,%[]"),
    "deep-acks": acknowledging(f'43/cli,%[{{"result":"version-mismatch","metadata":{DEEP}}}]'),
    "mismatch-for-ever": acknowledging('43/cli,%[{"result":"version-mismatch","version":-1,"metadata":' + '{"a":' * 500
                                       + "1" + "}" * 500 + "}]"),
    "wide-acks": acknowledging('43/cli,%[{"result":"version-mismatch","version":-1,"metadata":[' + WIDE[:1_000_001] + "]}]"),
    "big-calls": connected(then=text(f'42/cli,1["rpc-request",{{"method":"m:path-exists","params":"{"x" * 200_000}"}}]')),
    "ends-amid-a-frame": connected(frame(1, b"x" * 1000)[:200], hangs_up=True),
    "ends-amid-attachments": connected(text(f"453-/cli,{BLOB}") + frame(2, b"one"), hangs_up=True),
    "huge-frame": connected(b"\x81\x7f" + struct.pack(">Q", 1 << 40), then=b"x" * 65536),
    "big-frame": connected(b"\x81\x7f" + struct.pack(">Q", (1 << 20) + 1), then=b"x" * 65536),
    "unfinished-frame": connected(b"\x81\x7f" + struct.pack(">Q", 1 << 20) + b"x" * 1_000_000),
    "endless-fragments": connected(frame(1, b"42", final=False), then=frame(0, b"x" * 10_000, final=False)),
    "empty-fragments": connected(frame(1, b"", final=False), then=frame(0, b"", final=False) * 1000),
    "unasked-extension": connected(b"\xc1\x02hi"),
    "deep-json": connected(text(f'42/cli,["update",{DEEP}]', f'42/cli,1["rpc-request",{DEEP}]')),
    "many-arguments": connected(text("42/cli,[" + "1," * 100_000 + "1]")),
    "ack-before-connect": connected(joined=text("43/cli,1[1]", '40/cli,{"sid":"m"}')),
    "event-before-connect": connected(joined=text(EVENT, '42/cli,1["rpc-request",{"method":"m:stop-session","params":"{}"}]')),
    "connect-before-open": connected(opening=text('40/cli,{"sid":"m"}'), joined=b""),
    "second-open": connected(text(OPEN)),
    "second-connect": connected(text('40/cli,{"sid":"m"}') * 1000),
    "stray-attachment": connected(frame(2, b"stray")),
    "packet-amid-attachments": connected(text(f"452-/cli,{BLOB}", EVENT)),
    "no-end-of-attachments": connected(text(f"451024-/cli,{BLOB}"), then=frame(2, b"x" * 2000)),
    "countless-attachments": connected(text(f"4599999999999-/cli,{BLOB}")),
    "noops": connected(then=text("6", "3", "5") * 1000),
    "pings": connected(then=text("2" + "x" * 1000) * 100),
    "websocket-pings": connected(then=frame(9, b"x" * 100) * 1000),
    "events": connected(then=text(EVENT) * 1000),
    "calls": calls,
    "echo-refusal": echoing_refusal,
    "echo-goodbye": echoing_goodbye,
}
