"""A Socket.IO server for the tests, made of python-socketio and aiohttp.

Prints one line of JSON once it listens: {"port": …, "authorities": <path or null>}. Ends when its standard input
does, so that it never outlives the tests.

The namespace /room wants {"token": "open sesame"} as auth. Besides the Socket.IO server at /, raw routes below
other prefixes answer the WebSocket request in ways a Socket.IO server never would.
"""

import argparse
import asyncio
import json
import os
import ssl
import struct
import subprocess
import sys
import tempfile

import socketio
from aiohttp import WSMsgType, web

ROOM = "/room"
TOKEN = "open sesame"
MAXIMUM = 48 << 20


def make_socket_io(options):
    server = socketio.AsyncServer(
        async_mode="aiohttp",
        namespaces="*",
        ping_interval=options.ping_interval,
        ping_timeout=options.ping_timeout,
        max_http_buffer_size=options.maximum_payload,
    )

    @server.on("connect", namespace=ROOM)
    async def connect(sid, environ, auth):
        if not auth or auth.get("token") != TOKEN:
            raise socketio.exceptions.ConnectionRefusedError("Invalid token")
        await server.save_session(sid, {"headers": dict(environ["aiohttp.request"].headers)}, namespace=ROOM)
        await server.emit("welcome", {"token_was": "right"}, to=sid, namespace=ROOM)

    @server.on("connect", namespace="/")
    async def connect_root(sid, environ, auth):
        pass

    @server.on("echo", namespace="*")
    async def echo(namespace, sid, *arguments):
        return arguments

    @server.on("headers", namespace=ROOM)
    async def headers(sid):
        return (await server.get_session(sid, namespace=ROOM))["headers"]

    @server.on("collect", namespace=ROOM)
    async def collect(sid, number):
        async with server.session(sid, namespace=ROOM) as session:
            session.setdefault("numbers", []).append(number)

    @server.on("collected", namespace=ROOM)
    async def collected(sid):
        return (await server.get_session(sid, namespace=ROOM)).get("numbers", [])

    @server.on("ask", namespace=ROOM)
    async def ask(sid, size):
        """Sends a question of that size with an ack, and tells how long the answer was."""
        answer = await server.call("question", "q" * size, to=sid, namespace=ROOM, timeout=60)
        return {"length": len(answer), "right": answer == "a" * size}

    @server.on("blob", namespace=ROOM)
    async def blob(sid):
        await server.emit("blob", ("two", b"\x00\x01\xff", {"inner": b"second"}), to=sid, namespace=ROOM)

    @server.on("blob back", namespace=ROOM)
    async def blob_back(sid):
        return {"data": b"\x07" * 1000}

    @server.on("flood", namespace=ROOM)
    async def flood(sid, order):
        for number in range(order["count"]):
            await server.emit("drop", (number, "d" * order["size"]), to=sid, namespace=ROOM)

    @server.on("silence", namespace=ROOM)
    async def silence(sid):
        await asyncio.sleep(3600)

    @server.on("be thrown out", namespace=ROOM)
    async def be_thrown_out(sid):
        await server.disconnect(sid, namespace=ROOM)

    return server


# Raw routes.


def frame(opcode, payload, final=True):
    """One WebSocket frame as a server sends it, which the library alone would not fragment."""
    head = bytes([(0x80 if final else 0) | opcode])
    if len(payload) < 126:
        return head + bytes([len(payload)]) + payload
    if len(payload) < 1 << 16:
        return head + bytes([126]) + struct.pack(">H", len(payload)) + payload
    return head + bytes([127]) + struct.pack(">Q", len(payload)) + payload


OPEN = '0{"sid":"raw","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'


async def accept(request, connected=True):
    socket = web.WebSocketResponse(max_msg_size=MAXIMUM, compress=False)
    await socket.prepare(request)
    if connected:
        await socket.send_str(OPEN)
        await socket.receive()
        await socket.send_str('40{"sid":"raw"}')
    return socket


async def until_closed(socket):
    async for message in socket:
        if message.type == WSMsgType.ERROR:
            break
    return socket


async def fragments(request):
    socket = await accept(request)
    text = ('42["big","' + "ä" * 50_000 + '"]').encode()
    pieces = [text[start : start + 999] for start in range(0, len(text), 999)]
    for number, piece in enumerate(pieces):
        opcode = 0 if number else 1
        request.transport.write(frame(opcode, piece, final=number == len(pieces) - 1))
        if number == 10:
            request.transport.write(frame(9, b"in between"))
    pong = await socket.receive()
    assert pong.type == WSMsgType.PONG or pong.type == WSMsgType.CLOSE
    return await until_closed(socket)


async def oversized(request):
    socket = await accept(request)
    request.transport.write(frame(1, b"42" + b"x" * 2_000_000))
    return await until_closed(socket)


async def oversized_fragments(request):
    socket = await accept(request)
    for number in range(3):
        request.transport.write(frame(0 if number else 1, b"42" + b"x" * 500_000, final=number == 2))
    return await until_closed(socket)


async def nonsense(request):
    socket = await accept(request)
    await socket.send_str("9nonsense")
    return await until_closed(socket)


async def goodbye(request):
    socket = await accept(request)
    await socket.close(code=1001, message=b"restarting")
    return socket


async def no_open(request):
    return await until_closed(await accept(request, connected=False))


async def no_connect(request):
    socket = await accept(request, connected=False)
    await socket.send_str(OPEN)
    return await until_closed(socket)


async def ends_amid_a_frame(request):
    socket = await accept(request)
    request.transport.write(frame(1, b"42" + b"x" * 1000)[:100])
    request.transport.close()
    return socket


async def ends_amid_attachments(request):
    socket = await accept(request)
    await socket.send_str('452-["two",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    await socket.send_bytes(b"one")
    request.transport.close()
    return socket


async def empty_fragments(request):
    socket = await accept(request)
    request.transport.write(frame(1, b"", final=False) + frame(0, b"", final=False) * 100_000)
    return await until_closed(socket)


async def pings_without_end(request):
    """Asks, and takes no answer."""
    socket = await accept(request)
    request.transport.pause_reading()
    while not request.transport.is_closing():
        if request.transport.get_write_buffer_size() < 1 << 20:
            request.transport.write(frame(1, b"2" + b"x" * 10_000) + frame(9, b"x" * 100))
        await asyncio.sleep(0)
    return socket


async def odd_acknowledgements(request):
    """Answers with the event's own argument list, which is no answer of the type asked for, or with none."""
    socket = await accept(request)
    async for message in socket:
        if message.type == WSMsgType.TEXT and message.data.startswith("42"):
            number, arguments = message.data[2:].split("[", 1)
            await socket.send_str(f"43{number}[" + ("]" if "none" in arguments else arguments))
    return socket


async def stray_acknowledgements(request):
    """Answers each event twice, after an answer to nothing."""
    socket = await accept(request)
    async for message in socket:
        if message.type == WSMsgType.TEXT and message.data.startswith("42"):
            number = message.data[2 : message.data.index("[")]
            await socket.send_str("43999999[0]")
            await socket.send_str(f"43{number}[1]")
            await socket.send_str(f"43{number}[2]")
    return socket


async def no_answer(request):
    await asyncio.sleep(3600)


GARBAGE = [
    b"",
    b"hello\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: no\r\n\r\n\x81\x02hi",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    b"HTTP/1.1 101 Switching",
    b"\x00\xff" * 1000,
]


async def garbage(request):
    request.transport.write(GARBAGE[int(request.match_info["number"])])
    request.transport.close()
    await asyncio.sleep(3600)


async def not_found(request):
    return web.Response(status=404)


async def not_a_websocket(request):
    return web.Response(status=200, text="hello")


def add_raw_routes(application):
    routes = {
        "fragments": fragments,
        "oversized": oversized,
        "oversized-fragments": oversized_fragments,
        "nonsense": nonsense,
        "goodbye": goodbye,
        "no-open": no_open,
        "no-connect": no_connect,
        "ends-amid-a-frame": ends_amid_a_frame,
        "ends-amid-attachments": ends_amid_attachments,
        "empty-fragments": empty_fragments,
        "pings-without-end": pings_without_end,
        "odd-acknowledgements": odd_acknowledgements,
        "stray-acknowledgements": stray_acknowledgements,
        "no-answer": no_answer,
        "not-found": not_found,
        "ok": not_a_websocket,
    }
    application.router.add_get("/garbage-{number}/socket.io/", garbage)
    for name, handler in routes.items():
        application.router.add_get(f"/{name}/socket.io/", handler)


# Certificates, made anew by the openssl command.


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True)


def make_tls(directory, names):
    def path(name):
        return os.path.join(directory, name)

    authority = ["-keyout", path("ca.key"), "-out", path("ca.pem")]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *kind, *authority, "-subj", "/CN=Test authority", "-days", "2")
    openssl("req", *kind, "-keyout", path("key.pem"), "-out", path("request.pem"), "-subj", "/CN=Test server")
    with open(path("extensions"), "w") as file:
        file.write(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n")
    signer = ["-CA", path("ca.pem"), "-CAkey", path("ca.key"), "-CAcreateserial"]
    openssl(
        "x509", "-req", "-in", path("request.pem"), *signer, "-days", "1",
        "-extfile", path("extensions"), "-out", path("cert.pem"),
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path("cert.pem"), path("key.pem"))
    return context, path("ca.pem")


async def input_ended():
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()


async def serve(options, tls=None, authorities=None):
    application = web.Application()
    make_socket_io(options).attach(application)
    add_raw_routes(application)
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", options.port, ssl_context=tls)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    print(json.dumps({"port": port, "authorities": authorities}), flush=True)
    await input_ended()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ping-interval", type=int, default=25)
    parser.add_argument("--ping-timeout", type=int, default=20)
    parser.add_argument("--maximum-payload", type=int, default=MAXIMUM)
    parser.add_argument("--tls", metavar="NAMES", help="alternative names, such as DNS:localhost,IP:127.0.0.1")
    options = parser.parse_args()
    if options.tls:
        with tempfile.TemporaryDirectory() as directory:
            asyncio.run(serve(options, *make_tls(directory, options.tls)))
    else:
        asyncio.run(serve(options))


if __name__ == "__main__":
    main()
