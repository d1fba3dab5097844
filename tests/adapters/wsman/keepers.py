"""What keeps on a Windows host, and what waits there to take a change back, for the scripted host.

No PowerShell runs: the texts that arrive are taken apart as far as the protocol goes, and answered as the keeper would
answer by what it has been told before. What arms has to bring a text that takes back, about the same point and things.
"""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass, field

from tests.adapters.wsman.host import Running, Script

_DECODED = re.compile(r"\$(listed|stored) = \$Utf8\.GetString\(\[Convert\]::FromBase64String\('([A-Za-z0-9+/=]*)'\)\)")
_ABOUT = re.compile(r"^\$name = '([a-z0-9.-]+)'; \$insist = \$(?:true|false); \$seconds = (\d+)$", re.MULTILINE)
_STEP = re.compile(r"^\$step = '(\w+)'$", re.MULTILINE)
_ASKED = re.compile(r"\$asked = \$Utf8\.GetString\(\[Convert\]::FromBase64String\('([A-Za-z0-9+/=]*)'\)\)")


@dataclass(kw_only=True)
class KeeperText:
    """A text of the keeper, taken apart."""

    step: str
    point: str
    seconds: int
    listed: str
    stored: str

    @classmethod
    def of(cls, text: str) -> KeeperText:
        """Take a text apart; one that is not as it has to be fails the test."""
        ((point, seconds),) = _ABOUT.findall(text)
        parts = {name: base64.b64decode(data).decode() for name, data in _DECODED.findall(text)}
        (step,) = _STEP.findall(text)
        return cls(
            step=step, point=point, seconds=int(seconds), listed=parts["listed"], stored=parts.get("stored", "")
        )  # fmt: skip


@dataclass
class Waiting:
    """What waits on the host."""

    due: float
    decided: str = ""
    result: str = ""

    def state(self) -> str:
        """Return the word for how it stands now; what is due is taken back before anybody asks."""
        if not self.decided and time.monotonic() >= self.due:
            self.fire()
        return self.result or self.decided or "pending"

    def fire(self) -> None:
        """Take it back, unless it is decided."""
        if not self.decided:
            self.decided, self.result = "reverting", "reverted"


@dataclass
class Keepers(dict[str, Script]):
    """Scripts of the host: whatever keeps is answered, step by step.

    Attributes:
        codes: exit codes of steps that fail.
        steps: what was asked for, in order, with marks of claims as "mark" and "unmark".
        texts: the keeper's texts, in order.
        waiting: what waits, by the name of its point.
        marks: of others: seconds, who and what.
    """

    codes: dict[str, int] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    waiting: dict[str, Waiting] = field(default_factory=dict)
    marks: list[tuple[int, str, str]] = field(default_factory=list)
    captured: dict[str, str] = field(default_factory=dict)

    def __contains__(self, script: object) -> bool:
        return "Invoke-Keeper" in str(script) or "opsterm.claims" in str(script) or super().__contains__(script)

    def __getitem__(self, script: str) -> Script:
        if "opsterm.claims" in script:
            return lambda running: self._mark(script, running)
        if "Invoke-Keeper" in script:
            self.texts.append(script)
            return lambda running: self._keep(KeeperText.of(script), running)
        return super().__getitem__(script)

    def boot(self) -> None:
        """Start the host again: what waits takes back as soon as it is up."""
        self.marks.clear()
        for one in self.waiting.values():
            one.fire()

    def _mark(self, script: str, running: Running) -> int:
        asked = json.loads(base64.b64decode(_ASKED.findall(script)[0]))
        self.steps.append("mark" if "who" in asked else "unmark")
        for age, who, what in self.marks if "who" in asked else ():
            running.say(f"claimed\t{age}\t{who}\t{what}\r\n")
        return 6 if self.marks and not asked.get("beside", True) else 0

    def _keep(self, text: KeeperText, running: Running) -> int:
        self.steps.append(text.step)
        if code := self.codes.get(text.step):
            running.say("failed\t1\tthere is no room\r\n")
            return code
        if text.step == "capture":
            self.captured[text.point] = text.listed
            running.say(f"kept\t1\t4\tAB\r\ncaptured\t{text.point}\r\n")
            return 0
        assert self.captured[text.point] == text.listed, "it is about what was kept"
        if text.step == "arm":
            fire = KeeperText.of(text.stored)
            assert (fire.step, fire.point, fire.listed) == ("fire", text.point, text.listed)
            self.waiting[text.point] = Waiting(time.monotonic() + text.seconds)
            running.say("armed\ttask\tboot\r\n")
        elif text.step in ("extend", "confirm", "revert", "status"):
            return self._decide(text, running)
        return 0

    def _decide(self, text: KeeperText, running: Running) -> int:
        one = self.waiting.get(text.point)
        state = one.state() if one is not None else "none"
        if one is not None and state == "pending":
            if text.step == "extend":
                one.due = time.monotonic() + text.seconds
            elif text.step == "confirm":
                one.decided = "confirmed"
            elif text.step == "revert":
                one.fire()
            state = one.state()
        left = max(0.0, one.due - time.monotonic()) if one is not None and state == "pending" else 0.0
        running.say(f"guard\t{state}\t\t{left:.2f}\r\n")
        right = {
            "extend": {"pending"}, "confirm": {"confirmed"}, "revert": {"pending", "reverting", "reverted"},
        }  # fmt: skip
        return 0 if state in right.get(text.step, {state}) else 6
