"""The back door for tests, under /test: what the hub knows, and what it is to do next. No token asked.

GET  state                                    everything there is to see
GET  log?since=N                              Socket.IO events as they came, from number N on
POST rpc {method, params?, timeout?}          {result} or {error}
POST emit {room, event, data?}                {recipients}
POST disconnect {sid?}                        {dropped}: resets one connection, or all
POST mode {rejectToken?, restStatus?, hang?, acceptToken?, mischief?, elsewhere?}
POST say {sessionId, text, localId?, steer?, attachments?}  {id, seq}: as a person at the web app writes
POST take-back {sessionId, localId}           the session's answer, or null after 500 ms
POST rename {machineId, displayName}          {metadataVersion}
"""
import json

from aiohttp import web

from chat import Chat
from mischief import REST, SOCKET
from sockets import NAMESPACE

MODES = {"rejectToken": (bool, "reject_token"), "restStatus": ((int, type(None)), "rest_status"),
         "acceptToken": (str, "token"), "mischief": ((str, type(None)), "mischief"), "elsewhere": (str, "elsewhere")}


def bad(message):
    return web.HTTPBadRequest(text=json.dumps({"error": message}), content_type="application/json")


class Control:
    def __init__(self, hub, sockets):
        self.hub, self.sockets = hub, sockets

    def attach(self, app):
        app.add_routes([
            web.get("/test/state", self.state), web.get("/test/log", self.log), web.post("/test/rpc", self.rpc),
            web.post("/test/emit", self.emit), web.post("/test/disconnect", self.disconnect),
            web.post("/test/mode", self.mode), web.post("/test/rename", self.rename),
            web.post("/test/say", self.say), web.post("/test/take-back", self.take_back)])

    async def state(self, request):
        hub = self.hub
        return web.json_response({
            "machines": {row["id"]: hub.show_machine(row) for row in hub.machines.values()},
            "sessions": {row["id"]: self.session(row) for row in hub.sessions.values()},
            "sockets": [self.socket(sid) for sid in hub.sockets],
            "protocolErrors": hub.errors, "requests": hub.requests,
            "mischief": {"met": hub.met, "allAnswered": hub.all_answered}})

    def session(self, row):
        return {**self.hub.show_session(row), **{key: row[key] for key in ("tag", "messages", "ended", "readyAt")},
                "faults": Chat().read(row)}

    def socket(self, sid):
        methods = sorted(method for method, owner in self.hub.rpc_owner.items() if owner == sid)
        rooms = [room for room in self.sockets.server.rooms(sid, namespace=NAMESPACE) if room != sid]
        return {"sid": sid, **self.hub.sockets[sid], "rooms": sorted(rooms), "rpcMethods": methods}

    async def log(self, request):
        since = request.query.get("since", "0")
        if not since.isdecimal():
            raise bad("since is not a number")
        return web.json_response({"next": len(self.hub.log), "entries": self.hub.log[int(since):]})

    async def rpc(self, request):
        order = await self.order(request, method=str)
        answer = await self.sockets.call(order["method"], order.get("params", {}), order.get("timeout", 30))
        return web.json_response(answer)

    async def emit(self, request):
        """To a room (`machine:<id>`, `session:<id>`) or to one socket by its sid."""
        order = await self.order(request, room=str, event=str)
        server, room = self.sockets.server, order["room"]
        heard = [sid for sid in self.hub.sockets if room in server.rooms(sid, namespace=NAMESPACE)]
        await server.emit(order["event"], order.get("data"), room=room, namespace=NAMESPACE)
        return web.json_response({"recipients": len(heard)})

    async def disconnect(self, request):
        order = await self.order(request)
        targets = [sid for sid in self.hub.sockets if order.get("sid", sid) == sid]
        for sid in targets:
            self.sockets.abort(sid)
        return web.json_response({"dropped": len(targets)})

    async def mode(self, request):
        """Changes the modes that are named; the others stay."""
        order = await self.order(request)
        unknown = order.keys() - MODES.keys() - {"hang"}
        wrong = [key for key, (kind, _) in MODES.items() if key in order and not isinstance(order[key], kind)]
        if unknown or wrong or not isinstance(order.get("hang", False), bool):
            raise bad(f"no such mode or not its type: {sorted(unknown) or wrong or 'hang'}")
        for key in order.keys() & MODES.keys():
            setattr(self.hub, MODES[key][1], order[key])
        if order.get("mischief") not in (None, *REST, *SOCKET):
            raise bad("no such mischief")
        self.hub.sane.clear() if self.hub.mischief else self.hub.sane.set()
        if "hang" in order:
            self.hub.running.clear() if order["hang"] else self.hub.running.set()
        return web.json_response({"rejectToken": self.hub.reject_token, "restStatus": self.hub.rest_status,
                                  "hang": not self.hub.running.is_set()})

    async def rename(self, request):
        """As the web does it: stored, the version moves on, and no socket is told."""
        order = await self.order(request, machineId=str, displayName=str)
        row = self.hub.machines.get(order["machineId"])
        if row is None:
            raise bad("no such machine")
        self.hub.replace(row, "metadata", {**(row["metadata"] or {}), "displayName": order["displayName"]})
        return web.json_response({"metadataVersion": row["metadataVersion"]})

    async def say(self, request):
        order = await self.order(request, sessionId=str, text=str)
        row = self.hub.sessions.get(order["sessionId"])
        if row is None:
            raise bad("no such session")
        body = {"type": "text", "text": order["text"]}
        if "attachments" in order:
            body["attachments"] = order["attachments"]
        content = {"role": "user", "content": body,
                   "meta": {"sentFrom": "webapp", "deliveryMode": "steer" if order.get("steer") else "queue"}}
        message = await self.sockets.say(row, content, order.get("localId"))
        return web.json_response({"id": message["id"], "seq": message["seq"]})

    async def take_back(self, request):
        order = await self.order(request, sessionId=str, localId=str)
        row = self.hub.sessions.get(order["sessionId"])
        return web.json_response(await self.sockets.take_back(row, order["localId"]))

    async def order(self, request, **required):
        """The request's JSON object; an empty body is an empty one."""
        try:
            order = json.loads(await request.text() or "{}")
        except ValueError:
            raise bad("not JSON")
        if not isinstance(order, dict):
            raise bad("not an object")
        for key, kind in required.items():
            if not isinstance(order.get(key), kind):
                raise bad(f"{key} is missing or not a {kind.__name__}")
        return order
