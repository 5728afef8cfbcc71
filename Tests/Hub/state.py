"""Everything the stand-in hub knows: its rows, who is connected, and what the tests may look at."""
import asyncio
import hmac
import json
import time
import uuid

import shapes

MACHINE_TTL_MS = 45_000
SESSION_TTL_MS = 30_000
ADVERTISED = ("capabilities", "supervisedRestart", "startedCliMtimeMs", "installedCliMtimeMs")
CARRIED = ("path", "host", "flavor", "machineId", "claudeSessionId", "codexSessionId", "codexSourceSessionId",
           "geminiSessionId", "opencodeSessionId", "grokSessionId", "cursorSessionId", "cursorSessionProtocol",
           "kimiSessionId", "copilotSessionId", "piSessionId")
HUB_OWNED = ("supersededBySessionId", "opencodeClearOperation")


def now_ms():
    return int(time.time() * 1000)


class Hub:
    def __init__(self, token):
        self.token = token
        self.reject_token = False
        self.rest_status = None
        self.running = asyncio.Event()      # cleared while the hub plays dead
        self.running.set()
        self.mischief, self.met = None, 0   # what it is up to, and how often someone met with it
        self.sane = asyncio.Event()
        self.sane.set()
        self.elsewhere = None               # where redirects lead
        self.answered, self.all_answered = set(), False
        self.machines, self.sessions = {}, {}
        self.sockets = {}                   # Socket.IO sid -> {"auth", "namespace"}
        self.rpc_owner = {}                 # full method name -> sid
        self.log, self.errors, self.requests = [], [], []

    # -- who may come in ------------------------------------------------------------------------

    def namespace_of(self, token):
        """The namespace a token opens, or None for a token that opens nothing."""
        base, colon, namespace = token.rpartition(":") if isinstance(token, str) else ("", "", "")
        if not colon:
            base, namespace = namespace, "default"
        well_formed = base and namespace and base == base.strip() and namespace == namespace.strip()
        if self.reject_token or not well_formed:
            return None
        return namespace if hmac.compare_digest(base.encode(), self.token.encode()) else None

    # -- what the tests look at -----------------------------------------------------------------

    def note(self, sid, event, data, ack=False):
        self.log.append({"n": len(self.log), "at": now_ms(), "sid": sid, "event": event, "data": data, "ack": ack})

    def protocol_error(self, sid, event, message, data=None):
        self.errors.append({"at": now_ms(), "sid": sid, "event": event, "message": message, "data": data})

    def complain_if_odd(self, sid, event, shape, value):
        """A value the hub would show as null: accepted, but a test wants to know."""
        problem = None if value is None else shapes.fault(shape, value, event)
        if problem:
            self.protocol_error(sid, event, problem, value)

    # -- rows -----------------------------------------------------------------------------------

    def find(self, rows, row_id, namespace):
        """(row, None), or (None, why not)."""
        row = rows.get(row_id)
        if row is None:
            return None, "not-found"
        return (row, None) if row["namespace"] == namespace else (None, "access-denied")

    def new_row(self, row_id, namespace, **fields):
        now = now_ms()
        return {"id": row_id, "namespace": namespace, "seq": 0, "createdAt": now, "updatedAt": now,
                "active": False, "activeAt": now, **fields}

    def upsert_machine(self, body, namespace):
        """Get or create; an existing row takes over only what the merge rules let through."""
        row = self.machines.get(body["id"])
        state, metadata = body.get("runnerState"), body["metadata"]
        if row is None:
            row = self.machines[body["id"]] = self.new_row(
                body["id"], namespace, metadata=metadata, metadataVersion=1, runnerState=state, runnerStateVersion=1,
                health=None)
            return row
        merged = {**(row["metadata"] or {}), **metadata} if isinstance(metadata, dict) else row["metadata"]
        if state is not None and isinstance(metadata, dict):
            merged = {key: value for key, value in merged.items() if key not in ADVERTISED or key in metadata}
        self.store(row, "metadata", merged)
        offered = state.get("capabilities") if isinstance(state, dict) else None
        if isinstance(offered, dict) and isinstance(row["runnerState"], dict):
            known = row["runnerState"].get("capabilities") or {}
            self.store(row, "runnerState", {**row["runnerState"], "capabilities": {**known, **offered}})
        return row

    def store(self, row, key, value):
        """Writes a versioned field if it changed."""
        if value != row[key]:
            self.replace(row, key, value)

    def replace(self, row, key, value):
        row[key] = value
        row[key + "Version"] += 1
        row["updatedAt"] = now_ms()
        if row["id"] in self.machines:      # a session's seq counts nothing here
            row["seq"] += 1

    def session_by_tag(self, tag, namespace):
        return next((row for row in self.sessions.values()
                     if (row["tag"], row["namespace"]) == (tag, namespace)), None)

    def create_session(self, body, namespace):
        row = self.new_row(
            body.get("id") or str(uuid.uuid4()), namespace, tag=body["tag"], metadata=body["metadata"],
            metadataVersion=1, agentState=body.get("agentState"), agentStateVersion=1, thinking=False, thinkingAt=0,
            model=body.get("model"), modelReasoningEffort=body.get("modelReasoningEffort"),
            effort=body.get("effort"), serviceTier=None, messages=[], ended=None, readyAt=None)
        self.sessions[row["id"]] = row
        return row

    def versioned_update(self, row, key, expected, value):
        """The answer to an optimistic write of `key`."""
        if row[key + "Version"] != expected:
            return {"result": "version-mismatch", "version": row[key + "Version"], key: row[key]}
        self.replace(row, key, value)
        return {"result": "success", "version": row[key + "Version"], key: value}

    def merged_session_metadata(self, old, new):
        """A whole new object, but native ids survive being left out; an explicit null clears one."""
        old, kept = old or {}, dict(new)
        for key in CARRIED:
            if key in old and key not in new:
                kept[key] = old[key]
        changed_chat = new.get("cursorSessionId") not in (None, old.get("cursorSessionId"))
        if changed_chat and "cursorSessionProtocol" not in new:
            kept.pop("cursorSessionProtocol", None)
        kept = {key: value for key, value in kept.items()
                if key not in HUB_OWNED and not (key in CARRIED and value is None)}
        return {**kept, **{key: old[key] for key in HUB_OWNED if key in old}}

    def mark_alive(self, row, at):
        """False when the time given is too old to count."""
        now = now_ms()
        if not at or at < now - 600_000:
            return False
        row["active"], row["activeAt"] = True, max(row["activeAt"], min(int(at), now))
        return True

    # -- views ----------------------------------------------------------------------------------

    def show_machine(self, row):
        return {**row, "active": row["active"] and now_ms() - row["activeAt"] <= MACHINE_TTL_MS,
                "metadata": shapes.view(shapes.MACHINE_METADATA, row["metadata"]),
                "runnerState": shapes.view(shapes.RUNNER_STATE, row["runnerState"])}

    def show_session(self, row):
        hidden = ("tag", "messages", "ended", "readyAt")
        shown = {key: value for key, value in row.items() if key not in hidden}
        shown["active"] = row["active"] and now_ms() - row["activeAt"] <= SESSION_TTL_MS
        shown["metadata"] = shapes.view(shapes.SESSION_METADATA, row["metadata"])
        return {**shown, "pinned": False, "globalPinned": False, "activeTurnStartedAt": None,
                "backgroundTaskCount": 0, "todosUpdatedAt": 0, "teamStateUpdatedAt": 0}

    # -- the rows between two runs ----------------------------------------------------------------

    def load(self, path):
        try:
            with open(path, encoding="utf-8") as file:
                rows = json.load(file)
        except FileNotFoundError:
            return
        self.machines, self.sessions = rows["machines"], rows["sessions"]
        for machine in self.machines.values():
            machine["health"] = None        # the hub keeps it in memory only

    def save(self, path):
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"machines": self.machines, "sessions": self.sessions}, file)
