"""The Socket.IO side of the hub: namespace /cli, its events, its acks and the RPC registry."""
import asyncio
import json
import socket
import struct
import uuid

import socketio
from engineio.async_drivers import aiohttp as driver

import shapes
from state import now_ms

NAMESPACE = "/cli"
WORDING = {"not-found": "not found", "access-denied": "access denied"}
ALIVE_FIELDS = ("mode", "permissionMode", "model", "modelReasoningEffort", "effort", "serviceTier",
                "collaborationMode", "copilotAgentMode")
MUST_ACK = {"machine-update-metadata", "machine-update-state", "update-metadata", "update-state",
            "messages-steer-state", "ping"}
IGNORED = {"messages-indeterminate", "terminal:ready", "terminal:output", "terminal:exit", "terminal:error",
           "agent-terminal:output", "agent-terminal:reset", "usage-report"}

VERSION = {"expectedVersion": shapes.integer}
OBJECT_OR_NULL = shapes.nullable(shapes.mapping)
SESSION_TIME = {"sid": shapes.text, "time": shapes.number}
PAYLOADS = {
    "rpc-register": {"method": shapes.name},
    "rpc-unregister": {"method": shapes.name},
    "machine-alive": {"machineId": shapes.text, "time": shapes.number},
    "machine-update-metadata": {"machineId": shapes.text, **VERSION, "metadata": shapes.anything},
    "machine-update-state": {"machineId": shapes.text, **VERSION, "runnerState": OBJECT_OR_NULL},
    "session-alive": {**SESSION_TIME, "thinking?": shapes.flag},
    "session-ready": SESSION_TIME,
    "session-end": {**SESSION_TIME,
                    "reason?": shapes.one_of("completed", "terminated", "error", "handoff", "cleared")},
    "update-metadata": {"sid": shapes.text, **VERSION, "metadata": shapes.mapping},
    "update-state": {"sid": shapes.text, **VERSION, "agentState": OBJECT_OR_NULL},
    "message": {"sid": shapes.text, "message": shapes.check(lambda v: isinstance(v, (dict, str)), "object or text"),
                "localId?": shapes.text, "createdAt?": shapes.number},
    "messages-consumed": {"sid": shapes.text, "localIds": shapes.list_of(shapes.text)},
    "messages-steer-state": {"sid": shapes.text, "localIds": shapes.list_of(shapes.text),
                             "state": shapes.one_of("queued", "dispatching")},
}


def hangable(hub):
    """A WebSocket that falls silent, both ways, while the hub plays dead."""
    class WebSocket(driver.WebSocket):
        async def wait(self):
            data = await super().wait()
            await hub.running.wait()
            return data

        async def send(self, message):
            await hub.running.wait()
            await super().send(message)

        async def close(self):
            await hub.running.wait()
            await super().close()
    return WebSocket


class Server(socketio.AsyncServer):
    """Tells the log about every event, and whether the client asked for an ack, before it is handled."""

    def __init__(self, hub, **options):
        super().__init__(async_mode="aiohttp", async_handlers=False, max_http_buffer_size=48 * 1024 * 1024, **options)
        self.hub = hub
        self.eio._async = {**self.eio._async, "websocket": hangable(hub)}

    async def _handle_event(self, eio_sid, namespace, id, data):
        sid = self.manager.sid_from_eio_sid(eio_sid, namespace or "/")
        event = data[0]
        self.hub.note(sid, event, data[1] if len(data) > 1 else None, ack=id is not None)
        if event in MUST_ACK and id is None:
            self.hub.protocol_error(sid, event, "needs an ack id, had none")
        elif event not in MUST_ACK and id is not None:
            self.hub.protocol_error(sid, event, "asks for an ack that never comes")
            id = None
        await super()._handle_event(eio_sid, namespace, id, data)


class Sockets:
    """Handles the events one after the other, in the order they came."""

    def __init__(self, hub, **ping):
        self.hub = hub
        self.server = Server(hub, **ping)
        self.server.on("connect", self.connect, namespace=NAMESPACE)
        self.server.on("disconnect", self.disconnect, namespace=NAMESPACE)
        self.server.on("*", self.dispatch, namespace=NAMESPACE)
        self.handlers = {
            "rpc-register": self.rpc_register, "rpc-unregister": self.rpc_unregister,
            "machine-alive": self.machine_alive, "machine-update-metadata": self.machine_update_metadata,
            "machine-update-state": self.machine_update_state, "session-alive": self.session_alive,
            "session-ready": self.session_ready, "session-end": self.session_end,
            "update-metadata": self.update_metadata, "update-state": self.update_state, "message": self.message,
            "messages-consumed": self.messages_consumed, "messages-steer-state": self.messages_steer_state,
        }

    # -- coming and going -------------------------------------------------------------------------

    async def connect(self, sid, environ, auth=None):
        """Checks the token; joins the rooms of rows that exist now, and never later."""
        auth = auth if isinstance(auth, dict) else {}
        namespace = self.hub.namespace_of(auth.get("token"))
        shown = {**auth, "token": "<ok>" if namespace else "<refused>"}
        if namespace is None:
            self.hub.note(sid, "connect-refused", shown)
            raise socketio.exceptions.ConnectionRefusedError("Invalid token")
        self.hub.note(sid, "connect", shown)
        self.hub.sockets[sid] = {"auth": shown, "namespace": namespace}
        for scope, rows in (("machine", self.hub.machines), ("session", self.hub.sessions)):
            if self.hub.find(rows, auth.get(scope + "Id"), namespace)[0]:
                await self.server.enter_room(sid, f"{scope}:{auth[scope + 'Id']}", namespace=NAMESPACE)

    async def disconnect(self, sid, reason):
        self.hub.note(sid, "disconnect", {"reason": reason})
        self.hub.sockets.pop(sid, None)
        self.hub.rpc_owner = {method: owner for method, owner in self.hub.rpc_owner.items() if owner != sid}

    async def dispatch(self, event, sid, *args):
        """Looks at the payload, then hands it to the event's own method; what that returns is the ack."""
        if event == "ping" or event in IGNORED:
            return None
        handler = self.handlers.get(event)
        if handler is None:
            return self.hub.protocol_error(sid, event, "unknown event", list(args))
        try:
            shapes.record(PAYLOADS[event])(args[0] if args else None, "payload")
        except shapes.Mismatch as problem:
            self.hub.protocol_error(sid, event, str(problem), list(args))
            return {"result": "error"} if event in MUST_ACK else None
        return await handler(sid, args[0])

    def abort(self, sid):
        """Resets the TCP connection under a socket, without a close frame."""
        transport = self.server.get_environ(sid, NAMESPACE)["aiohttp.request"].transport
        if transport is None:
            return
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()

    # -- RPC --------------------------------------------------------------------------------------

    async def rpc_register(self, sid, data):
        self.hub.rpc_owner[data["method"]] = sid

    async def rpc_unregister(self, sid, data):
        if self.hub.rpc_owner.get(data["method"]) == sid:
            del self.hub.rpc_owner[data["method"]]

    async def call(self, method, params, timeout):
        """Calls a registered method; the answer as the hub's own callers would get it."""
        sid = self.hub.rpc_owner.get(method)
        if sid is None:
            return {"error": f"RPC handler not registered: {method}"}
        if not self.server.manager.is_connected(sid, NAMESPACE):
            return {"error": f"RPC socket disconnected: {method}"}
        request = {"method": method, "params": json.dumps(params, separators=(",", ":"), ensure_ascii=False)}
        acked = asyncio.get_running_loop().create_future()
        await self.server.emit("rpc-request", request, to=sid, namespace=NAMESPACE,
                               callback=lambda *values: acked.done() or acked.set_result(values))
        try:
            answer = (*await asyncio.wait_for(acked, timeout), None)[0]
        except asyncio.TimeoutError:
            return {"error": "operation has timed out"}
        try:
            return {"result": json.loads(answer) if isinstance(answer, str) else answer}
        except ValueError:
            return {"result": answer}

    # -- machines ---------------------------------------------------------------------------------

    def find(self, sid, scope, row_id):
        rows = self.hub.machines if scope == "machine" else self.hub.sessions
        return self.hub.find(rows, row_id, self.hub.sockets[sid]["namespace"])

    async def found(self, sid, scope, row_id):
        """The row, or None after telling the client with an `error` event."""
        row, problem = self.find(sid, scope, row_id)
        if problem:
            error = {"message": f"{scope} {WORDING[problem]}",
                     "code": problem, "scope": scope, "id": row_id}
            await self.server.emit("error", error, to=sid, namespace=NAMESPACE)
        return row

    async def machine_alive(self, sid, data):
        row = await self.found(sid, "machine", data["machineId"])
        if row and self.hub.mark_alive(row, data["time"]) and "health" in data:
            self.hub.complain_if_odd(sid, "machine-alive", shapes.MACHINE_HEALTH, data["health"])
            row["health"] = shapes.view(shapes.MACHINE_HEALTH, data["health"])

    async def machine_update_metadata(self, sid, data):
        self.hub.complain_if_odd(sid, "machine-update-metadata", shapes.MACHINE_METADATA, data["metadata"])
        return await self.update(sid, "machine", data["machineId"], "metadata", data)

    async def machine_update_state(self, sid, data):
        """Any accepted state makes the machine active, whatever it says."""
        self.hub.complain_if_odd(sid, "machine-update-state", shapes.RUNNER_STATE, data["runnerState"])
        answer = await self.update(sid, "machine", data["machineId"], "runnerState", data)
        if answer["result"] == "success":
            self.hub.mark_alive(self.hub.machines[data["machineId"]], now_ms())
        return answer

    async def update(self, sid, scope, row_id, key, data, merge=lambda old, new: new):
        """A versioned write, told to the others in the room when it went through."""
        row, problem = self.find(sid, scope, row_id)
        if problem:
            return {"result": "error", "reason": problem}
        answer = self.hub.versioned_update(row, key, data["expectedVersion"], merge(row[key], data[key]))
        if answer["result"] == "success":
            id_key, other = ("machineId", "runnerState") if scope == "machine" else ("sid", "agentState")
            await self.tell_room(f"{scope}:{row_id}", sid, row["seq"], {
                "t": f"update-{scope}", id_key: row_id, "metadata": None, other: None,
                key: {"version": answer["version"], "value": answer[key]}})
        return answer

    async def tell_room(self, room, sender, seq, body, update_id=None):
        update = {"id": update_id or str(uuid.uuid4()), "seq": seq, "createdAt": now_ms(), "body": body}
        await self.server.emit("update", update, room=room, skip_sid=sender, namespace=NAMESPACE)

    # -- sessions ---------------------------------------------------------------------------------

    async def session_alive(self, sid, data):
        """Also sends again what no one has consumed yet."""
        row = await self.found(sid, "session", data["sid"])
        if not row or not self.hub.mark_alive(row, data["time"]):
            return
        row["thinking"] = data.get("thinking", False)
        row.update({key: data[key] for key in ALIVE_FIELDS if key in data})
        for message in row["messages"]:
            if message["localId"] and message["invokedAt"] is None:
                await self.tell_message(row, message, None)

    async def session_ready(self, sid, data):
        row = await self.found(sid, "session", data["sid"])
        if row:
            row["readyAt"] = data["time"]

    async def session_end(self, sid, data):
        row = await self.found(sid, "session", data["sid"])
        if row:
            row.update(active=False, thinking=False, ended={"reason": data.get("reason"), "time": data["time"]})

    async def update_metadata(self, sid, data):
        answer = await self.update(sid, "session", data["sid"], "metadata", data, self.hub.merged_session_metadata)
        if answer["result"] == "success":
            self.hub.complain_if_odd(sid, "update-metadata", shapes.SESSION_METADATA, answer["metadata"])
        return answer

    async def update_state(self, sid, data):
        return await self.update(sid, "session", data["sid"], "agentState", data)

    async def say(self, row, content, local_id):
        """A person's message; without a local id it counts as taken at once."""
        message = self.new_message(row, content, now_ms(), local_id)
        await self.tell_message(row, message, None)
        return message

    def new_message(self, row, content, created, local_id):
        message = {"id": str(uuid.uuid4()), "seq": 1 + max((other["seq"] for other in row["messages"]), default=0), "localId": local_id, "content": content,
                   "createdAt": created, "invokedAt": None if local_id else created, "scheduledAt": None}
        row["messages"].append(message)
        return message

    async def take_back(self, row, local_id):
        """Asks the session for a queued message back; takes it away if the session gives it."""
        message = next(message for message in row["messages"] if message["localId"] == local_id)
        room = self.server.manager.get_participants(NAMESPACE, f"session:{row['id']}")
        sid = next((sid for sid, _ in room), None)
        if sid is None:
            return None
        body = {"t": "cancel-queued-message", "sid": row["id"], "messageId": message["id"], "localId": local_id}
        update = {"id": str(uuid.uuid4()), "seq": message["seq"], "createdAt": now_ms(), "body": body}
        acked = asyncio.get_running_loop().create_future()
        await self.server.emit("update", update, to=sid, namespace=NAMESPACE,
                               callback=lambda *values: acked.done() or acked.set_result(values))
        try:
            answer = (*await asyncio.wait_for(acked, 0.5), None)[0]
        except asyncio.TimeoutError:
            return None
        if answer.get("removed"):
            row["messages"].remove(message)
        return answer

    async def message(self, sid, data):
        row = await self.found(sid, "session", data["sid"])
        if not row:
            return
        now, local_id = now_ms(), data.get("localId")
        created = now if local_id else min(int(data.get("createdAt", now)), now)
        message = self.new_message(row, parsed(data["message"]), created, local_id)
        await self.tell_message(row, message, sid)

    async def tell_message(self, row, message, sender):
        shown = {key: message[key] for key in ("id", "seq", "createdAt", "localId", "content")}
        await self.tell_room(f"session:{row['id']}", sender, message["seq"],
                             {"t": "new-message", "sid": row["id"], "message": shown}, message["id"])

    async def messages_consumed(self, sid, data):
        row = await self.found(sid, "session", data["sid"])
        for message in row["messages"] if row else []:
            if message["localId"] in data["localIds"] and message["invokedAt"] is None:
                message["invokedAt"] = now_ms()

    async def messages_steer_state(self, sid, data):
        return {"ok": self.find(sid, "session", data["sid"])[0] is not None}


def parsed(message):
    """A message may come as JSON text."""
    try:
        return json.loads(message) if isinstance(message, str) else message
    except ValueError:
        return message
