#!/usr/bin/env python3
"""Sends malformed requests to a control server, from a seeded generator: malformed.py PORT COUNT SEED.

Prints how many were answered with which status; `closed` were closed without an answer, `left` were left by this side.
Ends with 1 if the server let one hang for longer than its own bound, or would not take a connection.
"""
import collections
import concurrent.futures
import json
import random
import socket
import sys

PATHS = ["list", "spawn-session", "stop-session", "session-started", "", "nothing", "list/../list", "%00", "list?x=" + "y" * 3000,
         "//", "*", "http://evil.example/list", "\u00e4", "stop\x00"]
METHODS = ["POST", "GET", "PUT", "DELETE", "HEAD", "OPTIONS", "CONNECT", "TRACE", "post", "PO ST", "", "\x00", "P" * 9000]
VALUES = [None, True, 0, -1, 1e308, 2**64, "", "x", "\x00", "/", "/tmp/\n", "\ud800", [], {}, [[]], "A" * 5000, {"a": {"b": []}}]
KEYS = ["directory", "sessionId", "metadata", "agent", "yolo", "token", "requestId", "model", "sessionType", "hostPid", "\x00", ""]


def member(chance):
    """Never a request that could be carried out: no directory that is there, no report with a sound pid."""
    key = chance.choice(KEYS)
    value = chance.choice(VALUES)
    if key == "directory" and isinstance(value, str):
        value = "relative/" + value
    return key, value


def nested(chance):
    depth = chance.choice([10, 200, 5000, 100_000])
    opening, closing = chance.choice([("[", "]"), ('{"a":', "}")])
    return opening * depth + (closing * depth if chance.random() < 0.5 else "")


def body(chance):
    kind = chance.randrange(6)
    if kind == 0:
        return chance.randbytes(chance.randrange(2000))
    if kind == 1:
        return nested(chance).encode()
    text = json.dumps(dict(member(chance) for _ in range(chance.randrange(6)))).encode()
    if kind == 2:
        return text[:chance.randrange(len(text) + 1)]
    if kind == 3:
        spoilt = bytearray(text)
        spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
        return bytes(spoilt)
    return text


def chunked(chance, content):
    size = chance.choice([b"%x" % len(content), b"-1", b"ffffffffffffffff", b"zz", b"", b"0", b"1" * 300])
    return size + b"\r\n" + content + chance.choice([b"\r\n0\r\n\r\n", b"", b"\r\n"])


def request(chance):
    """The bytes, and whether they are well-formed around what may be nonsense: then an answer is due."""
    if chance.random() < 0.15:
        content = body(chance)
        head = f"POST /{chance.choice(PATHS[:7])} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(content)}\r\n\r\n".encode() + content, True
    return malformed(chance), False


def malformed(chance):
    if chance.random() < 0.08:
        return chance.randbytes(chance.randrange(1, 4000))
    content = body(chance)
    lines = [f"{chance.choice(METHODS) if chance.random() < 0.3 else 'POST'} /{chance.choice(PATHS)} "
             + chance.choice(["HTTP/1.1"] * 9 + ["HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "", "FTP/1.1"])]
    if chance.random() < 0.9:
        lines.append("Host: " + chance.choice(["127.0.0.1"] * 6 + ["", "evil.example", "localhost:1", "\x01"]))
    if chance.random() < 0.9:
        lines.append("Content-Type: " + chance.choice(["application/json"] * 6 + ["", "text/plain", "application/json" * 90]))
    for _ in range(chance.choice([0, 0, 0, 1, 5, 300])):
        lines.append(chance.choice(["X-A: b", ": b", "X A: b", "X-A", "X-A: " + "c" * 900, "\x00: \x00", " folded", "Origin: http://a"]))
    framing = chance.randrange(10)
    if framing == 0:
        lines.append("Transfer-Encoding: chunked")
        content = chunked(chance, content)
    elif framing == 1:
        lines.append("Content-Length: " + chance.choice(["-1", "x", "99999999999999999999", "1e3", "", "0x10", "1048577", "5, 6"]))
    elif framing == 2:
        lines += [f"Content-Length: {len(content)}", "Transfer-Encoding: chunked"]
    elif framing == 3:
        lines += [f"Content-Length: {len(content)}", f"Content-Length: {len(content) + 1}"]
    elif framing > 3:
        lines.append(f"Content-Length: {len(content)}")
    end = chance.choice(["\r\n"] * 8 + ["\n", "\r"])
    return (end.join(lines) + end + end).encode("utf-8", "surrogatepass") + content


def receive(wire, answer_due):
    """What is answered at once, or when nothing more can come."""
    if answer_due:
        return wire.recv(65536) or b"unanswered"
    try:
        wire.settimeout(0.05)
        return wire.recv(65536)
    except TimeoutError:
        wire.settimeout(10)
    try:
        wire.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return wire.recv(65536)


def send(port, number, seed):
    chance = random.Random(f"{seed}-{number}")
    data, sound = request(chance)
    leaves = chance.random() < 0.3
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
            if leaves:                              # in the middle, slowly, and without a word
                wire.sendall(data[:chance.randrange(len(data) + 1)])
                if chance.random() < 0.3:
                    wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
                return "left"
            try:
                wire.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                pass                                # answered or refused before it was all there
            answer = receive(wire, sound)
            if b'"success":false' in answer:
                return "refused"                    # a spawn that was understood; its status is 500
            return answer.split(b" ")[1].decode() if answer.startswith(b"HTTP/1") else "closed" if not answer else "odd"
    except (BrokenPipeError, ConnectionResetError):
        return "closed"
    except (TimeoutError, ConnectionRefusedError) as error:
        return type(error).__name__


def main():
    port, count, seed = (int(word) for word in sys.argv[1:])
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        outcomes = collections.Counter(pool.map(lambda number: send(port, number, seed), range(count)))
    print(", ".join(f"{number} {what}" for what, number in sorted(outcomes.items())))
    sys.exit(1 if outcomes.keys() & {"TimeoutError", "ConnectionRefusedError", "odd", "500"} else 0)


if __name__ == "__main__":
    main()
