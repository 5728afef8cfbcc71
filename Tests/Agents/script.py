"""What the stand-in agents share: the wire, and the script that the last line of a prompt names.

  say WORDS              text, a word at a time          think WORDS       thoughts, then text
  run COMMAND            asks, then "runs" it            edit PATH         asks, then shows a diff
  plan                   a plan of two steps             slow SECONDS WORDS
  ask QUESTION           a question to the person (where the protocol has one)
  open                   a tool that is never finished   usage N           N tokens of context in use
  late WORDS             text after the turn's end       twice             two requests open at once
  stamp N                N texts, each the moment in microseconds          pieces N          a text of N pieces, 5 ms apart
Hostile:
  flood MEGABYTES        chunks of 1 KiB                 line MEGABYTES    one line of that size
  garbage                what is no message              strange           what nobody knows
  stderr MEGABYTES       noise beside the protocol       chaos SEED [die]  a mixture of all of it
  die                    in the middle of a tool         hang              no end, whatever is asked
"""
import json
import os
import queue
import random
import sys
import threading
import time

GARBAGE = (
    b"", b"   ", b"{", b"}", b"not JSON", b"null", b"true", b"17", b'"text"', b"[]", b"[1,2]", b"{}",
    b'{"id":1}', b'{"method":7}', b'{"id":{},"method":"x"}', b'{"id":null,"method":"x"}', b'{"id":1.5,"method":"x"}',
    b'{"id":9999,"result":{}}', b'{"id":"never","error":{"code":"x"}}', b'{"jsonrpc":"2.0","id":7,"error":null}',
    b"\x00\x01\xff\xfe", b'{"method":"\xff"}', b'{"method":"x","params":' + b"[" * 5000,
    b'{"method":"session/update","params":{}}', b'{"method":"session/update","params":{"update":null}}',
    b'{"method":"item/started","params":{"item":7}}', b'{"method":"turn/completed","params":[]}',
    b'{"method":"session/update","params":{"update":{"sessionUpdate":"tool_call"}}}',
)


class Wire:
    """Lines of JSON on standard input and output; requests to the client, and their answers."""

    def __init__(self, stamp):
        self.stamp = stamp                  # what every message holds beside its own members
        self.lock = threading.Lock()
        self.next = 0                       # the first request has the id 0
        self.waiting = {}
        log = os.environ.get("STANDIN_AGENT_LOG")
        self.log = open(log, "a", encoding="utf-8", buffering=1) if log else None

    def raw(self, line):
        with self.lock:
            sys.stdout.buffer.write(line + b"\n")
            sys.stdout.buffer.flush()

    def send(self, **message):
        self.raw(json.dumps({**self.stamp, **message}, separators=(",", ":")).encode())

    def ask(self, method, params, number=None):
        """The client's answer: {"result": …} or {"error": …}."""
        with self.lock:
            number = self.next if number is None else number
            self.next += 1
        answer = self.waiting[number] = queue.Queue()
        self.send(id=number, method=method, params=params)
        return answer.get()

    def messages(self):
        for line in sys.stdin.buffer:
            if self.log:
                self.log.write(line.decode(errors="replace"))
            message = json.loads(line)
            if "method" in message:
                yield message
            elif message.get("id") in self.waiting:
                self.waiting.pop(message["id"]).put(message)


class Cancelled(Exception):
    pass


class Turn:
    """One prompt played. A subclass says how each step looks on its wire."""

    def __init__(self, wire, text):
        self.wire = wire
        self.text = text
        self.cancelled = threading.Event()
        self.open = []                      # tools begun and not finished
        self.count = 0

    def play(self):
        verb, _, rest = (self.text.strip().splitlines() or [""])[-1].strip().partition(" ")
        step = getattr(self, "do_" + verb, None)
        if step is None:
            return self.words("echo: " + self.text.strip()[-80:])
        step(rest)

    def pause(self, seconds):
        if self.cancelled.wait(seconds):
            raise Cancelled

    def words(self, text):
        key = self.key("m")
        for word in text.split(" "):
            self.chunk(key, word + " ")
        self.text_done(key, text + " ")

    def key(self, kind):
        self.count += 1
        return f"{kind}{id(self) & 0xffff:x}-{self.count}"

    # -- plain ------------------------------------------------------------------------------------------

    def do_say(self, rest):
        self.words(rest)

    def do_think(self, rest):
        self.thought(self.key("r"), rest)
        self.words("done thinking")

    def do_run(self, rest):
        tool = self.key("call")
        self.tool_begins(tool, rest)
        decision = self.decide(tool, rest)
        if decision == "allow":
            self.tool_ends(tool, rest, "ran: " + rest, True)
            self.words("it ran")
        elif decision == "deny":
            self.tool_ends(tool, rest, "refused by the user", False)
            self.words("it was refused")
        else:
            raise Cancelled

    def do_edit(self, rest):
        tool = self.key("call")
        self.edit_begins(tool, rest or "hello.txt", "one\n", "two\n")
        allowed = self.decide(tool, rest, edit=True) == "allow"
        self.edit_ends(tool, rest or "hello.txt", "one\n", "two\n", allowed)
        self.words("edited" if allowed else "left alone")

    def do_twice(self, rest):
        tools = [self.key("call"), self.key("call")]
        found = {}
        for tool in tools:
            self.tool_begins(tool, "do " + tool)
        threads = [threading.Thread(target=lambda tool=tool: found.update({tool: self.decide(tool, "do " + tool)}))
                   for tool in tools]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for tool in tools:
            self.tool_ends(tool, "do " + tool, found[tool], found[tool] == "allow")
        if self.cancelled.is_set():
            raise Cancelled
        self.words(" ".join(found[tool] for tool in tools))

    def do_plan(self, rest):
        self.plan([("first", "completed"), ("second", "in_progress")])
        self.words("planned")

    def do_slow(self, rest):
        seconds, _, words = rest.partition(" ")
        key, words = self.key("m"), words.split() or ["one", "two", "three"]
        for word in words:
            self.pause(float(seconds) / len(words))
            self.chunk(key, word + " ")
        self.text_done(key, " ".join(words) + " ")

    def do_stamp(self, rest):
        for _ in range(int(rest or 1)):
            self.pause(0.3)
            key, text = self.key("m"), str(time.time_ns() // 1000)
            self.chunk(key, text)
            self.text_done(key, text)

    def do_pieces(self, rest):
        key, count = self.key("m"), int(rest)
        for number in range(count):
            self.pause(0.005)
            self.chunk(key, f"{number} ")
        self.text_done(key, "".join(f"{number} " for number in range(count)))

    def do_usage(self, rest):
        self.usage(int(rest or 100))
        self.words("counted")

    def do_open(self, rest):
        self.tool_begins(self.key("call"), "sleep 1000")
        self.words("left it open")

    def do_late(self, rest):
        self.words("before")
        self.after = rest or "after"

    # -- hostile ----------------------------------------------------------------------------------------

    def do_flood(self, rest):
        key, piece = self.key("m"), "flood " * 170
        for _ in range(int(float(rest or 1) * 1024)):
            if self.cancelled.is_set():
                raise Cancelled
            self.chunk(key, piece)
        self.text_done(key, piece)
        self.words("the flood is over")

    def do_line(self, rest):
        tool = self.key("call")
        self.tool_begins(tool, "cat big")
        self.tool_ends(tool, "cat big", "x" * int(float(rest or 20) * (1 << 20)), True)
        self.words("still here")

    def do_garbage(self, rest):
        for line in GARBAGE:
            self.wire.raw(line)
        self.words("still here")

    def do_strange(self, rest):
        self.wire.send(method="_nobody/knows", params={"a": 1})
        self.wire.send(method="nobody/knows")
        answer = self.wire.ask("nobody/knows", {"a": [1]})
        again = self.wire.ask("fs/read_text_file", {"path": "/etc/passwd"}, number="a name")
        self.strange_updates()
        self.words(f"answered {answer.get('error', {}).get('code')} {again.get('error', {}).get('code')}")

    def do_stderr(self, rest):
        for _ in range(int(float(rest or 1) * 1024)):
            sys.stderr.write("e" * 1023 + "\n")
        sys.stderr.flush()
        self.words("still here")

    def do_die(self, rest):
        self.chunk(self.key("m"), "about to ")
        self.tool_begins(self.key("call"), "sleep 1000")
        sys.stdout.flush()
        os._exit(9)

    def do_hang(self, rest):
        self.tool_begins(self.key("call"), "sleep 1000")
        threading.Event().wait()

    def do_chaos(self, rest):
        seed, _, death = rest.partition(" ")
        dice = random.Random(int(seed or 1))
        key, tools = self.key("m"), []
        steps = dice.randint(20, 200)
        end = dice.randrange(steps) if death else None
        for step in range(steps):
            if step == end:
                os._exit(9)
            kind = dice.randrange(9)
            if kind == 0:
                self.wire.raw(dice.choice(GARBAGE))
            elif kind == 1:
                tools.append(self.key("call"))
                self.tool_begins(tools[-1], f"chaos {dice.random()}")
            elif kind == 2:
                self.tool_ends(dice.choice(tools or ["unheard-of"]), "chaos", "y" * dice.randrange(5000), dice.random() < 0.7)
            elif kind == 3:
                self.plan([(f"step {n}", dice.choice(["pending", "completed"])) for n in range(dice.randrange(4))])
            elif kind == 4:
                self.usage(dice.randrange(1 << 20))
            elif kind == 5:
                self.strange_updates()
            elif kind == 6:
                self.thought(self.key("r"), "hm " * dice.randrange(20))
            elif kind == 7:
                key = self.key("m")
            else:
                self.chunk(key, dice.choice(["a", "\u00e9\u00e8", "\U0001F600", "ha", "\n", " " * 40]))
        self.words("chaos is over")


def serve(handle, wire):
    """Reads until the end of the input; an agent whose input closes ends well."""
    for message in wire.messages():
        handle(message)
    os._exit(0)
