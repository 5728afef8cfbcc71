#!/usr/bin/env python3
"""Speaks to a control server byte by byte, as no library does: wire.py PORT. Prints what went wrong; nothing is well."""
import socket
import sys
import threading
import time

PORT = int(sys.argv[1])
LIST = b"POST /list HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n%s\r\n{}"


def line():
    wire = socket.create_connection(("127.0.0.1", PORT), timeout=20)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def answer(wire):
    """One answer: its head and its body."""
    text = b""
    while b"\r\n\r\n" not in text:
        more = wire.recv(65536)
        if not more:
            return text, b""
        text += more
    head, _, body = text.partition(b"\r\n\r\n")
    length = next(int(field.split(b":")[1]) for field in head.split(b"\r\n") if field.lower().startswith(b"content-length"))
    while len(body) < length:
        more = wire.recv(65536)
        if not more:
            break
        body += more
    return head, body


def expect(condition, what):
    if not condition:
        print(what, flush=True)


def is_list(reply):
    return reply[0].startswith(b"HTTP/1.1 200 ") and reply[1].startswith(b'{"children":[')


def several_requests_on_one_connection():
    wire = line()
    for _ in range(20):
        wire.sendall(LIST % b"")
        reply = answer(wire)
        expect(is_list(reply) and b"keep-alive" in reply[0], f"on one connection: {reply}")


def a_request_in_pieces():
    wire = line()
    whole = LIST % b""
    for part in (whole[:7], whole[7:40], whole[40:-1], whole[-1:]):
        wire.sendall(part)
        time.sleep(0.05)
    expect(is_list(answer(wire)), "in pieces")


def closed_at_once_if_asked():
    for head in (LIST % b"Connection: close\r\n", (LIST % b"").replace(b"HTTP/1.1", b"HTTP/1.0")):
        wire = line()
        began = time.monotonic()
        wire.sendall(head)
        reply = answer(wire)
        expect(is_list(reply) and b"Connection: close" in reply[0], f"close: {reply}")
        expect(wire.recv(1) == b"" and time.monotonic() - began < 3, "close was said and not done")


def half_closed():
    """Whoever is known already may half-close. Before that, a connection that is not established has no owner."""
    wire = line()
    wire.sendall(LIST % b"")
    expect(is_list(answer(wire)), "before it is half closed")
    wire.sendall(LIST % b"")
    wire.shutdown(socket.SHUT_WR)
    expect(is_list(answer(wire)) and wire.recv(1) == b"", "half closed")


def pipelined():
    wire = line()
    wire.sendall((LIST % b"") * 3)
    expect(is_list(answer(wire)), "pipelined: the first")
    while wire.recv(65536):
        pass


def in_chunks():
    wire = line()
    wire.sendall(b"POST /list HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n")
    expect(is_list(answer(wire)), "in chunks")


def after_continue():
    wire = line()
    head, body = (LIST % b"Expect: 100-continue\r\n").split(b"\r\n\r\n")
    wire.sendall(head + b"\r\n\r\n")
    expect(wire.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n", "no word to go on")
    wire.sendall(body)
    expect(is_list(answer(wire)), "after the word to go on")


def refused_amid_the_body():
    wire = line()
    wire.sendall(b"POST /list HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        for _ in range(200):
            wire.sendall(b"4000\r\n" + b" " * 0x4000 + b"\r\n")
    except OSError:
        pass
    expect(answer(wire)[0].startswith(b"HTTP/1.1 413 "), "too much in chunks")


def too_large_a_head():
    wire = line()
    wire.sendall(b"POST /list HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 30000)
    expect(answer(wire)[0].startswith(b"HTTP/1.1 400 "), "too large a head")


def no_upgrade():
    wire = line()
    wire.sendall(LIST % b"Connection: Upgrade\r\nUpgrade: websocket\r\n")
    reply = answer(wire)
    expect(is_list(reply) and b"Connection: close" in reply[0], f"upgrade: {reply}")


def a_byte_a_while():
    """It has 5 s for a whole request, and keeps nobody waiting."""
    wire = line()
    began = time.monotonic()
    sent = 0
    try:
        for byte in LIST % b"":
            wire.sendall(bytes([byte]))
            sent += 1
            wire.settimeout(0.3)
            try:
                if wire.recv(65536):
                    break
            except TimeoutError:
                pass
    except OSError:
        pass
    expect(sent < len(LIST) and 3 < time.monotonic() - began < 15, f"a byte a while: {sent} in {time.monotonic() - began:.1f} s")


def many_at_once():
    lines = [line() for _ in range(600)]
    for wire in lines:
        wire.sendall(LIST % b"")
    expect(all(is_list(answer(wire)) for wire in lines), "many at once")
    for wire in lines:
        wire.close()


def main():
    many_at_once()
    tests = [several_requests_on_one_connection, a_request_in_pieces, closed_at_once_if_asked, half_closed, pipelined,
             in_chunks, after_continue, refused_amid_the_body, too_large_a_head, no_upgrade, a_byte_a_while]

    def run(test):
        try:
            test()
        except Exception as error:              # any at all is a failure to be told
            print(f"{test.__name__}: {error!r}", flush=True)

    threads = [threading.Thread(target=run, args=(test,)) for test in tests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    main()
