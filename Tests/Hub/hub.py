#!/usr/bin/env python3
"""A stand-in for the HAPI hub, for tests: it speaks to runners and sessions as the hub does, and does what a test says."""
import argparse
import asyncio
import os
import signal
import ssl
import sys
import threading

from aiohttp import web

from control import Control
from rest import Rest
from sockets import Sockets
from state import Hub


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--token", required=True, help="the token without a namespace")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--ping-interval", type=int, default=25, help="whole seconds")
    parser.add_argument("--ping-timeout", type=float, default=20, help="seconds")
    parser.add_argument("--tls-cert")
    parser.add_argument("--tls-key")
    parser.add_argument("--data", help="file that keeps the rows from one run to the next, as a database would")
    parser.add_argument("--exit-with-stdin", action="store_true", help="end when standard input does")
    options = parser.parse_args()
    if ":" in options.token:
        parser.error("--token must not contain a colon")
    return options


def watch_stdin(loop, stop):
    """Ends the hub when whoever started it is gone. os.read, for it holds no lock that exiting would wait for."""
    def read_to_end():
        while os.read(0, 4096):
            pass
        loop.call_soon_threadsafe(stop.set)
    threading.Thread(target=read_to_end, daemon=True).start()


def tls(options):
    if not options.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(options.tls_cert, options.tls_key)
    return context


async def serve(options):
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.exit_with_stdin:
        watch_stdin(loop, stop)

    hub = Hub(options.token)
    if options.data:
        hub.load(options.data)
    sockets = Sockets(hub, ping_interval=options.ping_interval, ping_timeout=options.ping_timeout)
    app = web.Application(client_max_size=64 * 1024 * 1024)
    Rest(hub).attach(app)
    Control(hub, sockets).attach(app)
    sockets.server.attach(app)

    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, options.host, options.port, ssl_context=tls(options))
    await site.start()
    print("listening on", runner.addresses[0][1], flush=True)
    await stop.wait()
    if options.data:
        hub.save(options.data)
    for sid in list(hub.sockets):
        sockets.abort(sid)
    await sockets.server.shutdown()
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(serve(arguments()))
    sys.exit(0)
