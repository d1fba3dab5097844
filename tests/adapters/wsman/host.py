"""The machine behind the server: a little of cmd and PowerShell, scripted, and tables of CIM instances."""

from __future__ import annotations

import base64
import binascii
import itertools
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

CTRL_C_EXIT = 0xC000013A
"""STATUS_CONTROL_C_EXIT: what a program that ctrl+c ended returns."""

CMD_LONGEST = 8191
_WRITES = re.compile(r"Write-(Output|Error|Warning|Host) '((?:[^']|'')*)'")


@dataclass
class Running:
    """One command: what it prints, and how it ends. Written by its own thread, read by requests.

    Attributes:
        line: the command line as it came, arguments behind it.
        stdin: what was sent to it.
        exit_code: None while it runs.
    """

    line: str
    stdin: bytearray = field(default_factory=bytearray)
    stdin_ended: threading.Event = field(default_factory=threading.Event)
    stopped: threading.Event = field(default_factory=threading.Event)
    changed: threading.Condition = field(default_factory=threading.Condition)
    output: list[tuple[str, bytes]] = field(default_factory=list)
    exit_code: int | None = None
    ignores_ctrl_c: bool = False

    def say(self, data: str | bytes, stream: str = "stdout") -> None:
        """Print."""
        with self.changed:
            self.output.append((stream, data.encode() if isinstance(data, str) else data))
            self.changed.notify_all()

    def end(self, code: int) -> None:
        """End, once."""
        with self.changed:
            if self.exit_code is None:
                self.exit_code = code
            self.changed.notify_all()

    def stop(self, code: int) -> None:
        """Be ended from outside."""
        self.stopped.set()
        self.stdin_ended.set()
        self.end(code)

    def wait(self, seconds: float, limit: int) -> tuple[list[tuple[str, bytes]], int | None] | None:
        """Return what was printed since, at most about `limit` bytes, and the exit code; None when nothing happened."""
        until = time.monotonic() + seconds
        with self.changed:
            while not self.output and self.exit_code is None:
                left = until - time.monotonic()
                if left <= 0:
                    return None
                self.changed.wait(left)
            taken: list[tuple[str, bytes]] = []
            size = 0
            while self.output and size < limit:
                stream, data = self.output.pop(0)
                room = limit - size
                if len(data) > room:
                    self.output.insert(0, (stream, data[room:]))
                    data = data[:room]
                taken.append((stream, data))
                size += len(data)
            return taken, self.exit_code if not self.output else None


Script = Callable[[Running], int | None]


class ScriptedHost:
    """What runs, and what there is to be read.

    Attributes:
        cmd: what a command of cmd does, by its whole text.
        powershell: the same for a whole script.
        classes: CIM instances by class, in lower case: property to value, a list, None or `Datetime`.
        ran: every command line and script that was begun, in order.
    """

    def __init__(self) -> None:
        self.cmd: dict[str, Script] = {}
        self.powershell: dict[str, Script] = {}
        self.classes: dict[str, Sequence[Mapping[str, object]]] = {}
        self.ran: list[str] = []

    def start(self, line: str) -> Running:
        """Begin a command."""
        running = Running(line)
        threading.Thread(target=self._run, args=(running,), daemon=True).start()
        return running

    def _run(self, running: Running) -> None:
        code = self._powershell(running) if running.line.lower().startswith("powershell") else self._cmd(running)
        if code is not None:
            running.end(code)

    def _cmd(self, running: Running) -> int | None:
        line = running.line
        self.ran.append(line)
        if len(line) > CMD_LONGEST:
            running.say("The command line is too long.\r\n", "stderr")
            return 1
        if line in self.cmd:
            return self.cmd[line](running)
        name, _, rest = line.strip('"').partition(" ")
        if name in ("hang", "stubborn"):
            running.ignores_ctrl_c = name == "stubborn"
            running.say("hanging\r\n")
            running.stopped.wait(30)
            return None
        return _program(name, rest, running)

    # -------------------------------------------------------------------------------------------- PowerShell

    def _powershell(self, running: Running) -> int | None:
        words = running.line.split()
        given = next((b for a, b in itertools.pairwise(words) if a.lower() == "-encodedcommand"), "")
        try:
            text = base64.b64decode(given, validate=True).decode("utf-16-le")
        except (binascii.Error, UnicodeDecodeError):
            text = ""
        if not text or len(running.line) > CMD_LONGEST:
            running.say("Cannot process the command because of a missing or bad parameter.\r\n", "stderr")
            return -196608
        script = self._script_in(text, running)
        if script is None:
            return None
        self.ran.append(script)
        if script in self.powershell:
            return self.powershell[script](running)
        return _interpret(script, running)

    def _script_in(self, text: str, running: Running) -> str | None:
        """Return the script that a start script carries, or waits for on its input; else the text itself."""
        inside = re.search(r"FromBase64String\('([A-Za-z0-9+/=]*)'\)", text)
        if inside:
            return base64.b64decode(inside[1]).decode()
        if "FromBase64String(" in text and "$input" in text:
            running.stdin_ended.wait(20)
            return None if running.stopped.is_set() else base64.b64decode(bytes(running.stdin)).decode()
        return text


def _program(name: str, rest: str, running: Running) -> int | None:
    match name.lower():
        case "echo":
            running.say(rest + "\r\n")
        case "hostname":
            running.say("WIN-TEST\r\n")
        case "exit":
            return int(rest.rsplit(maxsplit=1)[-1])
        case "more":
            running.stdin_ended.wait(20)
            running.say(bytes(running.stdin))
        case "long":
            running.say("".join(f"line {number}\r\n" for number in range(int(rest))))
        case "slow":
            for word in rest.split():
                running.say(word + "\r\n")
                if running.stopped.wait(0.2):
                    return None
        case _:
            running.say(f"'{name}' is not recognized as an internal or external command,\r\n", "stderr")
            return 1
    return 0


def _interpret(script: str, running: Running) -> int | None:
    """Do what the few statements do that tests write; anything else is an unknown command, as there."""
    good = True
    for line in filter(None, (part.strip() for part in script.replace(";", "\n").split("\n"))):
        written = _WRITES.fullmatch(line)
        if written:
            said = written[2].replace("''", "'")
            if written[1] == "Output":
                running.say(said + "\r\n")
            else:
                running.say(clixml(("Error" if written[1] == "Error" else "warning", said + "\r\n")), "stderr")
            good = written[1] != "Error"
        elif line.startswith("throw "):
            running.say(line[6:].strip("'") + "\r\nAt line:1 char:1\r\n", "stderr")
            return 1
        elif line.startswith(("exit ", "cmd /c exit ")):
            code = int(line.rpartition(" ")[2])
            if line.startswith("exit "):
                return code
            good = code == 0
            if line == script.strip():
                return code
        elif line == "hang":
            running.say("hanging\r\n")
            running.stopped.wait(30)
            return None
        else:
            name = line.split(maxsplit=1)[0]
            text = f"{name} : The term '{name}' is not recognized as the name of a cmdlet.\r\n"
            running.say(clixml(("Error", text)), "stderr")
            good = False
    return 0 if good else 1


def clixml(*parts: tuple[str, str], progress: str = "Preparing modules for first use.") -> str:
    """Return what PowerShell writes on its standard error when that is no console: records as XML (MS-PSRP 2.2.5)."""
    said = "".join(
        f'<S S="{kind}">{escape(_escaped(line))}</S>' for kind, text in parts for line in text.splitlines(keepends=True)
    )
    record = (
        '<Obj S="progress" RefId="0"><TN RefId="0"><T>System.Management.Automation.PSCustomObject</T>'
        "<T>System.Object</T></TN><MS>"
        f'<I64 N="SourceId">1</I64><PR N="Record"><AV>{escape(progress)}</AV><AI>0</AI><Nil /><PI>-1</PI><PC>-1</PC>'
        "<T>Completed</T><SR>-1</SR><SD> </SD></PR></MS></Obj>"
    )
    return (
        '#< CLIXML\r\n<Objs Version="1.1.0.1" xmlns="http://schemas.microsoft.com/powershell/2004/04">'
        f"{record}{said}</Objs>"
    )


def _escaped(text: str) -> str:
    return "".join(f"_x{ord(char):04X}_" if ord(char) < 32 else char for char in text)
