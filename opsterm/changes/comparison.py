"""Outputs of many targets side by side: equal ones are one group, and what differs from the most is shown by line."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from opsterm.changes.change import Outcome, OutcomeState
from opsterm.core.text import clean_bytes
from opsterm.inventory.folding import fold

LINES_COMPARED = 2_000
"""Lines of an output at most that are compared."""

PAIRS_COMPARED = 2_000_000
"""Pairs of lines at most that are looked at in all: finding differences costs up to the product of both numbers of
lines, some 0.2 us a pair. What is beyond is shown whole."""

_NUMBER = re.compile(r"[0-9a-f]*[.:]?[0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputGroup:
    """Targets whose output and ending are the same, byte for byte.

    Attributes:
        names: target names, in the order of the change.
        folded: the names as one text, as in "web-[01-03]"; a selector, too.
        state: how it went on all of them.
        exit_status: what the command ended with, None when it did not end by itself.
        signal: name of the signal that ended it, "" for none.
        message: why it did not run or end, "" when there is nothing to say.
        data: the output as it was kept; bytes from outside, to be cleaned before it is shown.
        cut_bytes: bytes that came and were not kept.
        difference: its lines against those of the most, clean: "- " only there, "+ " only here. None for the most
            themselves, where there are no most, and where the outputs are too long to compare.
    """

    names: tuple[str, ...]
    folded: str
    state: OutcomeState
    exit_status: int | None
    signal: str
    message: str
    data: bytes
    cut_bytes: int
    difference: tuple[str, ...] | None = None

    @property
    def how(self) -> str:
        """The ending in a word or two: "exit 0", "signal KILL", "unreachable"."""
        if self.signal:
            return f"signal {self.signal}"
        if self.exit_status is not None and self.state in (OutcomeState.DONE, OutcomeState.FAILED):
            return f"exit {self.exit_status}"
        return str(self.state)

    @property
    def title(self) -> str:
        """The group in one line: "web-[01-03] (3 targets) · exit 0"."""
        count = len(self.names)
        parts = [f"{self.folded} ({count} target{'s' * (count != 1)})", self.how]
        if self.difference is not None:
            parts.append("compared with the most" if self.difference else "the same output as the most")
        return " · ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All groups of a run.

    Attributes:
        groups: the largest first, equal ones in the order of the change.
        odd: folded names of the targets that differ from the most, a selector; "" when none do, or when no group is
            larger than every other one, so that nobody is the odd one.
    """

    groups: tuple[OutputGroup, ...]
    odd: str


def compare_outputs(outcomes: Sequence[Outcome], kept: Mapping[str, bytes]) -> Comparison:
    """Group targets by equal output and ending, and compare the odd ones with the most.

    Two outputs are equal only when all that came out was equal: where the whole was hashed, the hash decides, not the
    kept part. The exit status, the signal and the reason for not running are part of what is compared.

    Args:
        outcomes: what came of each target, in the order of the change.
        kept: output by target name, as it was kept; a name that is absent printed nothing.
    """
    found: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        whole = outcome.output_sha256 or hashlib.sha256(kept.get(outcome.target, b"")).hexdigest()
        key = (outcome.state, outcome.exit_status, outcome.signal, _reason(outcome), whole)
        found.setdefault(key, []).append(outcome)
    alike = sorted(found.values(), key=lambda members: -len(members))
    if len(alike) < 2 or len(alike[0]) == len(alike[1]):
        return Comparison(groups=tuple(_group(members, kept) for members in alike), odd="")
    most, *others = alike
    usual = _lines(kept.get(most[0].target, b""))
    groups = [_group(most, kept)]
    room = PAIRS_COMPARED
    for members in others:
        first = members[0]
        ran = first.exit_status is not None or bool(first.signal)
        lines = _lines(kept.get(first.target, b"")) if ran else None
        compared = None if usual is None or lines is None else _Pair.of(usual, lines)
        if compared is not None:
            room -= compared.pairs
            compared = compared if room >= 0 else None
        groups.append(_group(members, kept, compared))
    return Comparison(groups=tuple(groups), odd=fold(o.target for members in others for o in members))


def _reason(outcome: Outcome) -> str:
    """Return why it did not run or end, without what is the target's own in it: its name, its address, its port."""
    if outcome.exit_status is not None:
        return ""
    return _NUMBER.sub("0", outcome.message.partition("\n")[0].replace(outcome.target, ""))


def _group(members: Sequence[Outcome], kept: Mapping[str, bytes], compared: _Pair | None = None) -> OutputGroup:
    first = members[0]
    names = tuple(outcome.target for outcome in members)
    return OutputGroup(
        names=names,
        folded=fold(names),
        state=first.state,
        exit_status=first.exit_status,
        signal=first.signal,
        message=first.message,
        data=kept.get(first.target, b""),
        cut_bytes=first.output_bytes - first.kept_bytes,
        difference=tuple(compared.difference()) if compared is not None else None,
    )


def _lines(data: bytes) -> list[str] | None:
    """Return an output's lines, clean; None when there are too many to compare."""
    if data.count(b"\n") > LINES_COMPARED:
        return None
    return clean_bytes(data.removesuffix(b"\n")).split("\n") if data else []


@dataclass(frozen=True, slots=True)
class _Pair:
    """The lines of two outputs between what both begin and end with."""

    usual: list[str]
    lines: list[str]

    @classmethod
    def of(cls, usual: list[str], lines: list[str]) -> _Pair:
        shorter = min(len(usual), len(lines))
        begin = next((n for n in range(shorter) if usual[n] != lines[n]), shorter)
        end = next((n for n in range(shorter - begin) if usual[-1 - n] != lines[-1 - n]), shorter - begin)
        return cls(usual[begin : len(usual) - end], lines[begin : len(lines) - end])

    @property
    def pairs(self) -> int:
        return len(self.usual) * len(self.lines)

    def difference(self) -> Iterator[str]:
        matcher = difflib.SequenceMatcher(None, self.usual, self.lines)
        for tag, from_usual, to_usual, from_line, to_line in matcher.get_opcodes():
            if tag != "equal":
                yield from (f"- {line}" for line in self.usual[from_usual:to_usual])
                yield from (f"+ {line}" for line in self.lines[from_line:to_line])
