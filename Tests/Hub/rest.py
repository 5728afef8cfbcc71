"""The REST side of the hub: what lies under /cli, and what every request goes through on its way."""
import json
import re

from aiohttp import web

import shapes
from mischief import meets

REFUSALS = {401: "Invalid token", 403: "Machine access denied", 404: "Machine not found", 503: "Not ready"}
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I)
MACHINE_BODY = shapes.record({"id": shapes.name, "metadata": shapes.anything, "runnerState?": shapes.anything})
SESSION_BODY = shapes.record({
    "id?": shapes.check(lambda v: shapes.is_text(v) and UUID.fullmatch(v), "a UUID"), "tag": shapes.name,
    "metadata": shapes.anything, "agentState?": shapes.anything, "model?": shapes.text,
    "modelReasoningEffort?": shapes.text, "effort?": shapes.text, "machine?": MACHINE_BODY})


class Refusal(Exception):
    def __init__(self, status, error):
        self.status, self.error = status, error


def refuse(status, error):
    return web.json_response({"error": error}, status=status)


class Rest:
    def __init__(self, hub):
        self.hub = hub

    def attach(self, app):
        app.middlewares.append(self.gate)
        app.on_response_prepare.append(self.finish)
        app.add_routes([
            web.get("/health", self.health),
            web.post("/cli/machines", self.post_machine),
            web.get("/cli/machines/{id}", self.get_machine),
            web.post("/cli/sessions", self.post_session),
            web.get("/cli/sessions/resumable", self.get_resumable),
            web.get("/cli/sessions/{id}", self.get_session),
            web.get("/cli/sessions/{id}/messages", self.get_messages),
        ])

    # -- every request ----------------------------------------------------------------------------

    @web.middleware
    async def gate(self, request, handler):
        """Records the request, then lets the test modes and the token decide whether it goes on."""
        if request.path.startswith("/test/"):
            return await handler(request)
        await self.record(request)
        await self.hub.running.wait()
        mischief = meets(self.hub, request)
        if mischief:
            self.hub.met += 1
            return await mischief(self.hub, request)
        if not request.path.startswith("/cli"):
            return await handler(request)
        if self.hub.rest_status:
            return refuse(self.hub.rest_status, REFUSALS.get(self.hub.rest_status, "Unavailable"))
        try:
            request["namespace"] = self.authenticate(request.headers.get("Authorization"))
            return await handler(request)
        except Refusal as refusal:
            return refuse(refusal.status, refusal.error)

    async def record(self, request):
        headers = {key: value for key, value in request.headers.items() if key.lower() != "authorization"}
        request["record"] = {"method": request.method, "path": request.path_qs, "status": None, "headers": headers}
        self.hub.requests.append(request["record"])
        if request.path.startswith("/cli") and request.can_read_body:
            request["record"]["body"] = await self.parsed(request)

    async def parsed(self, request):
        try:
            return json.loads(await request.text())
        except ValueError:
            return None

    async def finish(self, request, response):
        if request.path.startswith("/cli"):
            response.headers["X-Hapi-Protocol-Version"] = "1"
        if "record" in request:
            request["record"]["status"] = response.status

    def authenticate(self, header):
        if not header:
            raise Refusal(401, "Missing Authorization header")
        match = re.fullmatch(r"Bearer\s+(.+)", header, re.I)
        if not match:
            raise Refusal(401, "Invalid Authorization header")
        namespace = self.hub.namespace_of(match[1])
        if namespace is None:
            raise Refusal(401, "Invalid token")
        return namespace

    # -- machines ---------------------------------------------------------------------------------

    async def post_machine(self, request):
        body = await self.body(request, MACHINE_BODY)
        row = self.upsert_machine(request, body)
        return web.json_response({"machine": self.hub.show_machine(row)})

    def upsert_machine(self, request, body):
        if self.hub.find(self.hub.machines, body["id"], request["namespace"])[1] == "access-denied":
            raise Refusal(403, "Machine access denied")
        where = "POST " + request.path
        self.hub.complain_if_odd(None, where, shapes.MACHINE_METADATA, body["metadata"])
        self.hub.complain_if_odd(None, where, shapes.RUNNER_STATE, body.get("runnerState"))
        return self.hub.upsert_machine(body, request["namespace"])

    async def get_machine(self, request):
        row = self.row(request, self.hub.machines, "Machine")
        return web.json_response({"machine": self.hub.show_machine(row)})

    # -- sessions ---------------------------------------------------------------------------------

    async def post_session(self, request):
        """Gets the session of this tag as it is, or creates it."""
        body = await self.body(request, SESSION_BODY)
        if "machine" in body:
            self.upsert_machine(request, body["machine"])
        row = self.hub.session_by_tag(body["tag"], request["namespace"])
        wanted = body.get("id")
        if row and wanted not in (None, row["id"]):
            raise Refusal(409, "Session tag is already bound to a different id")
        if not row and wanted in self.hub.sessions:
            raise Refusal(409, "Session id is already bound to a different session")
        if not row:
            self.hub.complain_if_odd(None, "POST " + request.path, shapes.SESSION_METADATA, body["metadata"])
            row = self.hub.create_session(body, request["namespace"])
        return self.session_answer(row)

    async def get_session(self, request):
        return self.session_answer(self.row(request, self.hub.sessions, "Session"))

    def session_answer(self, row):
        return web.json_response({"session": self.hub.show_session(row), "sessionSummaryContract": False})

    async def get_resumable(self, request):
        return web.json_response({"sessions": []})

    async def get_messages(self, request):
        row = self.row(request, self.hub.sessions, "Session")
        after = self.query_number(request, "afterSeq", None, range(0, 2**53))
        limit = self.query_number(request, "limit", "200", range(1, 201))
        later = [message for message in row["messages"] if message["seq"] > after]
        return web.json_response({"messages": later[:limit]})

    def query_number(self, request, key, default, allowed):
        value = request.query.get(key, default)
        if value is None or not value.isdecimal() or int(value) not in allowed:
            raise Refusal(400, "Invalid query")
        return int(value)

    # -- small things -----------------------------------------------------------------------------

    async def health(self, request):
        return web.json_response({"status": "ok", "protocolVersion": 1})

    async def body(self, request, shape):
        try:
            return shape(await self.parsed(request), "body")
        except shapes.Mismatch as problem:
            self.hub.protocol_error(None, "POST " + request.path, str(problem))
            raise Refusal(400, "Invalid body")

    def row(self, request, rows, kind):
        row, problem = self.hub.find(rows, request.match_info["id"], request["namespace"])
        if problem == "access-denied":
            raise Refusal(403, f"{kind} access denied")
        if problem:
            raise Refusal(404, f"{kind} not found")
        return row
