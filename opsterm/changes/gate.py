"""The gate behind the canaries of a rollout: something is measured on them and on the rest, and the two are compared.

It is part of what is approved, as text in the rollout: what is measured, by how much the canaries may be worse, and in
which direction worse lies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.changes.check_texts import command_text, http_time_text
from opsterm.changes.verification import ChangeCheck, ChangeCheckKind, parse_check
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.inventory.folding import fold

MOST_OF_REST = 20
"""Targets of the rest on which it is measured: a median needs no more, and a thousand log-ins are none for a look."""

USUAL_MARGIN = "20%"
METRIC = "metric"
EXAMPLES = "command:cat /proc/loadavg, http:http://localhost/ 200 or metric:load.1m"

_METRIC = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
_MARGIN = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(%?)")
_NUMBER = re.compile(r"[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_SEEN = 80


class Worse(StrEnum):
    """Which of two numbers is the worse one."""

    HIGHER = "higher"
    LOWER = "lower"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is compared.

    Attributes:
        probe: what is measured on each target: a command or a URL as a check has it, or "metric:NAME".
        margin: by how much the canaries may be worse than the rest: "20%" of what the rest has, or "5" of its unit.
        worse: which of two numbers is the worse one.
    """

    probe: str
    margin: str = USUAL_MARGIN
    worse: Worse = Worse.HIGHER

    def text(self) -> str:
        """Return the one text for it: JSON in ASCII, keys sorted."""
        body = {"margin": self.margin, "probe": self.probe, "worse": self.worse}
        return json.dumps(body, sort_keys=True, separators=(",", ":"))

    @property
    def metric(self) -> str:
        """Name of the metric that is compared, "" when something is run."""
        return self.probe.removeprefix(f"{METRIC}:") if self.probe.startswith(f"{METRIC}:") else ""

    @property
    def line(self) -> str:
        """It in words."""
        unit = "" if self.margin.endswith("%") else " in its unit"
        return f"{self.probe} may be {self.worse} than on the rest by no more than {self.margin}{unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeReading:
    """What was measured on one target at one time.

    Attributes:
        well: whether the probe worked.
        value: the number that it gave, None for none.
        said: what it printed, or why it did not work, in one line.
    """

    well: bool
    value: float | None = None
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What came of a comparison.

    Attributes:
        worse: the canaries that are worse, with why; none when the rollout may go on.
        said: what was seen, in one line.
    """

    worse: Mapping[str, str]
    said: str


def gate_of(probe: str, margin: str = "", worse: str = "") -> Gate:
    """Return the gate that somebody asks for.

    Args:
        probe: what is measured, as in EXAMPLES.
        margin: as of `Gate`, "" for the usual one.
        worse: a word of `Worse`, "" for higher.

    Raises:
        BadInput: it can be read as none.
        Refused: it is a command that is not known to only read.
    """
    margin = margin.strip() or USUAL_MARGIN
    if not _MARGIN.fullmatch(margin):
        raise BadInput(
            f"{clean_line(margin, limit=80)!r} is no margin.",
            next_step="Write 20% of what the rest has, or a number in the unit of the probe, as in 5.",
        )
    if worse and worse not in set(Worse):
        raise BadInput(f"{clean_line(worse, limit=40)!r} is not what is worse.", next_step="Write higher or lower.")
    return Gate(probe=_probe(probe), margin=margin, worse=Worse(worse or Worse.HIGHER))


def _probe(text: str) -> str:
    word, _, name = text.strip().partition(":")
    if word == METRIC and _METRIC.fullmatch(name.strip()):
        return f"{METRIC}:{name.strip()}"
    wrong = BadInput(f"{clean_line(text, limit=120)!r} is no probe.", next_step=f"Write one like {EXAMPLES}.")
    try:
        check = parse_check(text)
    except BadInput as error:
        raise wrong from error
    if check.kind not in (ChangeCheckKind.COMMAND, ChangeCheckKind.HTTP):
        raise wrong
    return str(check)


def parse_gate(text: str) -> Gate:
    """Return the gate that a rollout says. Raises BadInput, Refused as `gate_of`."""
    wrong = BadInput("This is no gate of a rollout.", next_step="Propose the change again.")
    try:
        body = json.loads(text)
        found = gate_of(str(body["probe"]), str(body["margin"]), str(body["worse"]))
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        raise wrong from error
    if found.text() != text:
        raise wrong
    return found


def probe_text(gate: Gate) -> str:
    """Return the text for `sh` that measures on a target; of a metric "", for that is measured here."""
    if gate.metric:
        return ""
    check: ChangeCheck = parse_check(gate.probe)
    if check.kind is ChangeCheckKind.HTTP:
        return http_time_text(check.subject, check.wanted)
    return command_text(check.subject)


def reading_of(printed: str, status: int | None) -> ProbeReading:
    """Return what a probe has measured: the first number of the last line that it printed, if it ended with 0."""
    lines = [line.strip() for line in printed.split("\n") if line.strip()]
    last = lines[-1] if lines else ""
    said = clean_line(last, limit=_SEEN)
    if status != 0:
        return ProbeReading(well=False, said=said or f"exit {status}")
    number = _NUMBER.match(last)
    return ProbeReading(well=True, value=float(number[0]) if number else None, said=said or "works")


def compare(
    gate: Gate, canaries: Mapping[str, Sequence[ProbeReading]], rest: Mapping[str, Sequence[ProbeReading]]
) -> Compared:
    """Compare the canaries with the rest: each canary by itself with the median of the rest.

    Of each target the median of what was measured counts, so that one odd moment does not; whether its probe works,
    its last reading says.

    Args:
        gate: what is compared, and how.
        canaries: what was measured on each, at least once, oldest first.
        rest: what was measured on some of the others.
    """
    there = {name: readings for name, readings in rest.items() if readings and readings[-1].well}
    if not there:
        why = f"on none of the {len(rest)} others the probe works: there is nothing to compare with"
        return Compared(worse=dict.fromkeys(canaries, why), said=why)
    usual = _middle([value for readings in there.values() if (value := _median(readings)) is not None])
    worse: dict[str, str] = {}
    seen = []
    for name, readings in canaries.items():
        last, value = readings[-1], _median(readings)
        if not last.well:
            worse[name] = f"the probe fails ({last.said}), and works on {len(there)} of {len(rest)} others"
        elif usual is not None and value is None:
            worse[name] = f"the probe gives no number ({last.said}), and does on the others"
        elif usual is not None and value is not None and _is_worse(gate, value, usual):
            worse[name] = (
                f"{_number(value)}, and {_number(usual)} on the others: {gate.worse} by more than {gate.margin}"
            )
        seen.append(f"{name} {'works' if value is None else _number(value)}")
    shown = "; ".join(seen[:3]) + (f" and {len(seen) - 3} more" if len(seen) > 3 else "")
    others = "works" if usual is None else f"median {_number(usual)}"
    return Compared(worse=worse, said=f"{shown}; {fold(list(there))}: {others}")


def _median(readings: Sequence[ProbeReading]) -> float | None:
    return _middle([reading.value for reading in readings if reading.well and reading.value is not None])


def _middle(values: Sequence[float]) -> float | None:
    """Return the median, None of nothing."""
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return ordered[half] if len(values) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _is_worse(gate: Gate, value: float, usual: float) -> bool:
    found = _MARGIN.fullmatch(gate.margin)
    amount = float(found[1]) if found else 0.0
    allowed = abs(usual) * amount / 100 if gate.margin.endswith("%") else amount
    over = value - usual if gate.worse is Worse.HIGHER else usual - value
    return over > allowed


def _number(value: float) -> str:
    return f"{value:.6g}"
