"""The schemas through which the hub looks at what runners and sessions store.

What is stored stays as it was sent; a value that fails its schema is shown as null.
"""


class Mismatch(ValueError):
    """A value does not have its shape; the text says where and what was expected."""


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(value):
    return isinstance(value, str)


def check(test, expected):
    def shape(value, where):
        if not test(value):
            raise Mismatch(f"{where} is not {expected}")
        return value
    return shape


def nullable(inner):
    return lambda value, where: None if value is None else inner(value, where)


def list_of(inner):
    def shape(value, where):
        if not isinstance(value, list):
            raise Mismatch(f"{where} is not a list")
        return [inner(item, f"{where}[{index}]") for index, item in enumerate(value)]
    return shape


def record(fields, unknown="strip"):
    """An object; a name ending in `?` may be missing (but not null). Unknown keys: strip, keep or refuse."""
    def shape(value, where):
        if not isinstance(value, dict):
            raise Mismatch(f"{where} is not an object")
        seen = dict(value) if unknown == "keep" else {}
        for name, inner in fields.items():
            key = name.rstrip("?")
            if key in value:
                seen[key] = inner(value[key], f"{where}.{key}")
            elif not name.endswith("?"):
                raise Mismatch(f"{where}.{key} is missing")
        extra = [key for key in value if key not in seen]
        if unknown == "refuse" and extra:
            raise Mismatch(f"{where} has unknown keys {extra}")
        return seen
    return shape


anything = check(lambda v: True, "anything")
text = check(is_text, "a string")
name = check(lambda v: is_text(v) and v != "", "a non-empty string")
number = check(is_number, "a number")
integer = check(lambda v: is_number(v) and v == int(v), "an integer")
positive = check(lambda v: is_number(v) and v == int(v) and v > 0, "a positive integer")
flag = check(lambda v: isinstance(v, bool), "a boolean")
mapping = check(lambda v: isinstance(v, dict), "an object")


def between(low, high=float("inf")):
    return check(lambda v: is_number(v) and low <= v <= high, f"a number from {low} to {high}")


def one_of(*values):
    return check(lambda v: v in values, f"one of {values}")


MACHINE_METADATA = record({
    "host": text, "platform": text, "happyCliVersion": text, "displayName?": text, "homeDir?": text,
    "happyHomeDir?": text, "happyLibDir?": text, "workspaceRoots?": list_of(text), "capabilities?": list_of(text),
    "startedCliMtimeMs?": number, "installedCliMtimeMs?": number, "supervisedRestart?": flag,
})
RUNNER_STATE = record({
    "status": text, "pid?": number, "httpPort?": number, "startedAt?": number,
    "capabilities?": record({"piExistingSessionResume?": check(lambda v: v is True, "true"),
                             "agentConfigs?": list_of(mapping)}),
    "shutdownRequestedAt?": number, "shutdownSource?": text,
    "lastSpawnError?": nullable(record({"message": text, "pid?": number, "exitCode?": nullable(number),
                                        "signal?": nullable(text), "at": number})),
})
MACHINE_HEALTH = record({
    "collectedAt": number, "cpuCount?": positive,
    "load1m?": between(0), "cpuPercent?": between(0, 100), "memoryPercent?": between(0, 100),
    "uptimeSeconds?": between(0),
}, unknown="refuse")
SESSION_METADATA = record({
    "path": text, "host": text, "version?": text, "os?": text, "machineId?": text, "homeDir?": text,
    "happyHomeDir?": text, "happyLibDir?": text, "happyToolsDir?": text, "startedFromRunner?": flag,
    "hostPid?": number, "startedBy?": one_of("runner", "terminal"), "lifecycleState?": text,
    "lifecycleStateSince?": number, "flavor?": nullable(text), "capabilities?": mapping,
    "worktree?": record({"basePath": text, "branch": text, "name": text, "worktreePath?": text, "createdAt?": number}),
}, unknown="keep")


def fault(shape, value, label):
    """What is wrong with the value, or None."""
    try:
        shape(value, label)
    except Mismatch as problem:
        return str(problem)


def view(shape, value):
    """The value as the hub shows it: checked and without unknown keys, or null."""
    try:
        return shape(value, "")
    except Mismatch:
        return None
