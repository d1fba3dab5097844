"""What became of commands, as a model is taught by it."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.policy.grading import grade
from opsterm.policy.learned.traits import Situation, shape_of, traits_of, understand_masked
from opsterm.policy.level import RiskLevel
from opsterm.policy.understanding import READERS, Understanding

TEXT_LIMIT = 4_000
"""Characters of a command; a longer one is a script, and neither teaches nor is judged."""


class PastEnd(StrEnum):
    """How a command ended; all but the first are not well."""

    DONE = "done"
    FAILED = "failed"
    ROLLED_BACK = "rolled back"
    STOPPED = "stopped"
    DENIED = "denied"
    CUT_OFF = "cut off"


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCommand:
    """A command that somebody asked for, and how it ended.

    Attributes:
        understood: what it would have done, read from its masked text.
        where: where and when it was asked for.
        end: how it ended.
        asked_at: epoch seconds; 0 for a case that ships.
        ended_at: epoch seconds from which its end was known.
        change: number of the change, 0 for a case that ships.
    """

    understood: Understanding
    where: Situation
    end: PastEnd
    asked_at: float = 0.0
    ended_at: float = 0.0
    change: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One example for the training.

    Attributes:
        command: masked text.
        shell: its language.
        level: the grade of the command by itself.
        shape: the same for commands that differ in their objects only; 16 hex digits.
        traits: what the model sees of it; each is 0 where it is missing.
        end: how it ended.
        at: epoch seconds at which it was asked for, 0 for a case that ships.
        change: number of the change, 0 for a case that ships.
    """

    command: str
    shell: str
    level: RiskLevel
    shape: str
    traits: Mapping[str, float]
    end: PastEnd
    at: float
    change: int

    @property
    def own(self) -> bool:
        """Whether it is this operator's own, and not a case that ships."""
        return self.change > 0

    @property
    def bad(self) -> bool:
        """Whether it did not end well."""
        return self.end is not PastEnd.DONE


def judged(command: str, shell: str) -> Understanding | None:
    """Return what a model may look at of a command, None for one that it has nothing to say about.

    Those are commands in a language without a reader, scripts, and commands that only read: no place and no hour
    makes these worse either.
    """
    if shell not in READERS or not command.strip() or len(command) > TEXT_LIMIT:
        return None
    understood = understand_masked(command, shell)
    return understood if grade(understood).level is not RiskLevel.READ else None


def lessons_of(past: Iterable[PastCommand]) -> tuple[Lesson, ...]:
    """Return the lessons of commands, in the order in which they were asked for.

    What is said to a lesson of others like it is what was known when it was asked for, never what came later.
    """
    ended: dict[tuple[str, bool], list[float]] = defaultdict(list)
    made: list[Lesson] = []
    for one in sorted(past, key=lambda one: (one.asked_at, one.change)):
        shape = shape_of(one.understood)
        good, bad = (bisect_right(ended[shape, well], one.asked_at) for well in (True, False))
        made.append(
            Lesson(
                command=one.understood.text, shell=one.understood.shell, level=grade(one.understood).level,
                shape=shape,
                traits=traits_of(one.understood, one.where, ended=good + bad, bad=bad, own=one.change > 0),
                end=one.end, at=one.asked_at, change=one.change,
            )
        )  # fmt: skip
        if one.change:
            insort(ended[shape, one.end is PastEnd.DONE], one.ended_at)
    return tuple(made)


def digest_of(lessons: Sequence[Lesson]) -> str:
    """Return sha256 over what a model is fitted on, 64 hex digits."""
    rows = [[lesson.shape, lesson.end.value, lesson.change, sorted(lesson.traits.items())] for lesson in lessons]
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()


def read_cases(text: str) -> Sequence[PastCommand]:
    """Return the cases that ship.

    Args:
        text: JSON lines with line, shell, end and why, and what is known of the situation.

    Raises:
        BadInput: a line is none.
    """
    return [_case(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _case(number: int, line: str) -> PastCommand:
    try:
        told = json.loads(line)
        command, shell, end = str(told.pop("line")), str(told.pop("shell")), PastEnd(told.pop("end"))
        told.pop("why")
        for name in ("environments", "tags"):
            told[name] = tuple(told.get(name, ()))
        where = Situation(**told)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"Line {number} of the cases that ship is none: {error}.") from error
    return PastCommand(understood=understand_masked(command, shell), where=where, end=end)
