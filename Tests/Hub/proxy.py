#!/usr/bin/env python3
"""An HTTP proxy for tests: proxy.py [--login USER:PASSWORD] [--refuse STATUS] [--to PORT]. Every host is this machine.

It tunnels (CONNECT) and passes plain requests on; with --to it only passes connections on to that port, and counts. Prints its port, and at each line of its input and at the end, as JSON,
how often it was asked for what, and how many bytes and pieces went through it either way.
"""
import argparse
import asyncio
import base64
import json
import os
import sys

told = {"tunnels": 0, "requests": 0, "refused": 0, "up": 0, "down": 0, "pieces_up": 0, "pieces_down": 0}


async def pump(reader, writer, way):
    try:
        while data := await reader.read(65536):
            told[way] += len(data)
            told["pieces_" + way] += 1
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def serve(reader, writer, options):
    try:
        if options.to:
            told["tunnels"] += 1
            there = await asyncio.open_connection("127.0.0.1", options.to)
            await asyncio.gather(pump(reader, there[1], "up"), pump(there[0], writer, "down"))
            return
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = refusal(head, options)
        if status:
            told["refused"] += 1
            writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
            return
        method, target, _ = head.split("\r\n")[0].split(" ")
        if method == "CONNECT":
            told["tunnels"] += 1
            there = await asyncio.open_connection("127.0.0.1", int(target.rsplit(":", 1)[1]))
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            told["requests"] += 1
            authority, slash, path = target.removeprefix("http://").partition("/")
            there = await asyncio.open_connection("127.0.0.1", int(authority.rsplit(":", 1)[1]))
            there[1].write(head.replace(target, slash + path, 1).encode("latin-1"))
            told["up"] += len(head)
        await asyncio.gather(pump(reader, there[1], "up"), pump(there[0], writer, "down"))
    except (ConnectionError, asyncio.IncompleteReadError, ValueError):
        pass
    finally:
        writer.close()


def refusal(head, options):
    """The status to refuse with, or None."""
    if options.refuse:
        return options.refuse
    if options.login:
        wanted = "proxy-authorization: basic " + base64.b64encode(options.login.encode()).decode()
        if wanted.lower() not in head.lower():
            return 407
    return None


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--login")
    parser.add_argument("--refuse", type=int)
    parser.add_argument("--to", type=int)
    options = parser.parse_args()
    server = await asyncio.start_server(lambda reader, writer: serve(reader, writer, options), "127.0.0.1", 0)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    while await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline):
        print(json.dumps(told), flush=True)
    print(json.dumps(told), flush=True)
    os._exit(0)                             # whatever still goes through is of no interest


asyncio.run(main())
