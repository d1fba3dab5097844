"""Sequences of commands that were run again and again and ended well: what could be a runbook."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from opsterm.knowledge.command_use import CommandUse
from opsterm.knowledge.habits import HIDDEN, SESSION_GAP_S

LEAST_TIMES = 3
LONGEST = 8
MOST = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A sequence of commands.

    Attributes:
        commands: (command, its shell), at least two different ones.
        times: how often it was run to its end, all of it well, on days of whatever distance.
        host_classes: what it ran on.
        last_at: when it was run last, epoch seconds.
    """

    commands: tuple[tuple[str, str], ...]
    times: int
    host_classes: tuple[str, ...]
    last_at: float


def workflows_of(uses: Iterable[CommandUse]) -> Sequence[Workflow]:
    """Return the sequences that were repeated, what saves most typing first; none is part of another as frequent.

    Only what ended well counts, one after another without a long pause; a command that failed, or of which nobody knows
    how it ended, is in none.

    Args:
        uses: of one operator, in the order in which they were run.
    """
    starts: dict[tuple[tuple[str, str], ...], list[tuple[int, CommandUse]]] = defaultdict(list)
    position = 0
    for run in _runs(uses):
        for begin in range(len(run)):
            for length in range(2, min(LONGEST, len(run) - begin) + 1):
                part = run[begin : begin + length]
                commands = tuple((use.command, use.shell) for use in part)
                kept = starts[commands]
                if not kept or position + begin >= kept[-1][0] + length:  # none overlaps itself
                    kept.append((position + begin, part[-1]))
        position += len(run) + 1
    frequent = {commands: found for commands, found in starts.items() if _is_one(commands, len(found))}
    longest: list[Workflow] = []
    for commands, found in sorted(frequent.items(), key=lambda one: (-len(one[0]), -len(one[1]))):
        times = len(found)
        if not any(times <= other.times and _within(commands, other.commands) for other in longest):
            classes = sorted({use.host_class for _, use in found if use.host_class})
            last_at = max(use.at for _, use in found)
            longest.append(Workflow(commands=commands, times=times, host_classes=tuple(classes), last_at=last_at))
    return sorted(longest, key=lambda one: (-one.times * len(one.commands), -one.last_at))[:MOST]


def _runs(uses: Iterable[CommandUse]) -> Iterator[list[CommandUse]]:
    """Yield the uses that ended well and follow one another."""
    run: list[CommandUse] = []
    for use in uses:
        fits = use.ended_well is True and HIDDEN not in use.command
        if run and (not fits or use.at - run[-1].at > SESSION_GAP_S):
            yield run
            run = []
        if fits and not (run and run[-1].command == use.command):
            run.append(use)
    yield run


def _is_one(commands: Sequence[tuple[str, str]], times: int) -> bool:
    return times >= LEAST_TIMES and len(set(commands)) == len(commands)


def _within(part: Sequence[object], whole: Sequence[object]) -> bool:
    length = len(part)
    return any(whole[at : at + length] == part for at in range(len(whole) - length + 1))
