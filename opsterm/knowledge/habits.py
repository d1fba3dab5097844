"""Which command comes next, and how one that was begun goes on: from what an operator ran before.

Sequences are counted as runs of up to three commands, with back-off to shorter ones; where the very command was never
followed by anything, what followed others of its kind is tried with its own words. Besides: how often and how lately
a command was run, where, in which directory, at which time of day, and how it ended. Nothing here runs anything.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections import Counter, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from opsterm.knowledge.command_use import CommandUse

SESSION_GAP_S = 1800.0
"""Seconds without a command after which the next one follows on nothing."""

LONGEST_RUN = 3
RUN_WEIGHTS = (0.2, 0.3, 0.5)
"""Of what followed runs of one, two and three commands."""

KIND_WEIGHT = 0.25
GROUP_WEIGHT = 0.1
HALF_LIFE_S = 30 * 86_400.0
HOURS_OF_DAY = 8
"""Parts of a day that are told apart."""

MOST_LOOKED_AT = 400
"""Commands that are weighed for one suggestion; of more those that were run most."""

HIDDEN = "[masked:"
"""What stands in a command in the place of a secret: such a one cannot be run again and is never suggested."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A command that may be meant.

    Attributes:
        command: the whole of it.
        score: greater is likelier; only comparable within one answer.
        uses: how often it was run, 0 for one that was made from what followed others of its kind.
        well: how often it ended well.
        known: how often it is known how it ended.
        after: the command that it is suggested after, "" for none.
        times_after: how often it was run directly after that one.
    """

    command: str
    score: float
    uses: int
    well: int
    known: int
    after: str = ""
    times_after: int = 0

    @property
    def why(self) -> str:
        """One sentence: where it is from and how it ended."""
        if not self.uses:
            return f"commands like it followed ones like `{self.after}`"
        times = "once" if self.uses == 1 else f"{self.uses} times"
        said = f"you ran this {times}"
        if self.times_after:
            those = "" if self.times_after == self.uses else f", {self.times_after} of them"
            said = f"{said}{those} after `{self.after}`"
        return f"{said}, {self.well} of {self.known} ended well" if self.known else said


@dataclass(slots=True)
class _Seen:
    """What is known of one command."""

    uses: int = 0
    well: int = 0
    known: int = 0
    weight: float = 0.0  # of its uses, each halved every HALF_LIFE_S, as of `at`
    at: float = 0.0
    classes: Counter[str] = field(default_factory=Counter)
    directories: Counter[str] = field(default_factory=Counter)
    hours: Counter[int] = field(default_factory=Counter)

    def add(self, use: CommandUse) -> None:
        self.uses += 1
        if use.ended_well is not None:
            self.known += 1
            self.well += use.ended_well
        self.weight = self.weight_at(use.at) + 1.0
        self.at = max(self.at, use.at)
        self.classes[use.host_class] += 1
        self.directories[use.directory] += 1
        self.hours[part_of_day(use.at)] += 1

    def weight_at(self, now: float) -> float:
        return self.weight * math.exp2(-max(0.0, now - self.at) / HALF_LIFE_S)


def part_of_day(at: float) -> int:
    """Return which part of the day it is, 0 to HOURS_OF_DAY - 1, in UTC: habits are compared with one another only."""
    return int(at % 86_400 // (86_400 / HOURS_OF_DAY))


class Habits:
    """What an operator ran, counted; grows by one use in some microseconds.

    Args:
        uses: in the order in which they were run.
    """

    def __init__(self, uses: Iterable[CommandUse] = ()) -> None:
        self._seen: dict[str, _Seen] = {}
        self._sorted: list[str] = []
        self._followed: dict[tuple[str, ...], Counter[str]] = {}
        self._kinds: dict[str, Counter[tuple[str, ...]]] = {}
        self._groups: Mapping[str, int] = {}
        self._group_followed: dict[int, Counter[int]] = {}
        self._members: dict[int, list[str]] = {}
        self._newest: deque[str] = deque(maxlen=LONGEST_RUN)
        self._last_at = -math.inf
        self.count = 0
        for use in uses:
            self._count(use)
        self._sorted = sorted(command for command in self._seen if HIDDEN not in command)

    @property
    def commands(self) -> Sequence[str]:
        """The different commands, sorted, without those that hold a secret."""
        return self._sorted

    def uses_of(self, command: str) -> int:
        """Return how often a command was run."""
        return self._seen[command].uses if command in self._seen else 0

    def add(self, use: CommandUse) -> None:
        """Learn from one more use."""
        new = use.command not in self._seen
        self._count(use)
        if new and HIDDEN not in use.command:
            insort(self._sorted, use.command)

    def _count(self, use: CommandUse) -> None:
        command = use.command
        self.count += 1
        if use.at - self._last_at > SESSION_GAP_S:
            self._newest.clear()
        self._last_at = use.at
        seen = self._seen.get(command)
        if seen is None:
            seen = self._seen[command] = _Seen()
        seen.add(use)
        before = tuple(self._newest)
        for length in range(1, len(before) + 1):
            run = before[-length:]
            counts = self._followed.get(run)
            if counts is None:
                counts = self._followed[run] = Counter()
            counts[command] += 1
        if before:
            pattern = pattern_of(before[-1], command)
            if pattern:
                self._kinds.setdefault(kind_of(before[-1]), Counter())[pattern] += 1
        self._newest.append(command)

    def use_groups(self, groups: Mapping[str, int]) -> None:
        """Take groups of like commands (command -> number) as what is fallen back on last."""
        self._groups = groups
        self._members, self._group_followed = {}, {}
        for command, group in groups.items():
            if command in self._seen:
                self._members.setdefault(group, []).append(command)
        for run, counts in self._followed.items():
            if len(run) == 1 and run[0] in groups:
                followed = self._group_followed.setdefault(groups[run[0]], Counter())
                for command, times in counts.items():
                    if command in groups:
                        followed[groups[command]] += times

    # ------------------------------------------------------------------ suggesting

    def suggest(
        self, prefix: str = "", *, after: Sequence[str] = (), host_class: str = "", directory: str = "",
        now: float, limit: int = 5,
    ) -> Sequence[Suggestion]:  # fmt: skip
        """Return commands that may be meant, the likeliest first.

        Args:
            prefix: what was typed of it; each begins with that. "" for the next command.
            after: what was run before, the newest last; a pause longer than SESSION_GAP_S is for the caller to see.
            host_class: what it would run on, "" when not known.
            directory: where, "" when not known.
            now: epoch seconds.
            limit: most to return.
        """
        follows = self._follows(after)
        found = self._candidates(prefix, follows)
        total = sum(self._seen[one].weight_at(now) for one in found if one in self._seen) or 1.0
        scored: list[tuple[float, str]] = []
        for command in found:
            seen = self._seen.get(command)
            likely = follows.get(command, 0.0)
            if seen is not None:
                here = self._fits_here(seen, host_class, directory, now)
                likely += 0.25 * here * seen.weight_at(now) / total
                likely *= (1 + seen.well) / (2 + seen.known) + 0.5
            scored.append((likely, command))
        scored.sort(key=lambda one: (-one[0], one[1]))
        last = after[-1] if after else ""
        return [self._told(command, score, last) for score, command in scored[:limit] if score > 0]

    def _candidates(self, prefix: str, follows: Mapping[str, float]) -> Sequence[str]:
        found = {command: None for command in follows if command.startswith(prefix)}
        if prefix:
            start = bisect_left(self._sorted, prefix)
            end = bisect_left(self._sorted, f"{prefix}\U0010ffff")
            begun = self._sorted[start:end]
        else:
            begun = [] if found else self._sorted
        if len(begun) > MOST_LOOKED_AT:
            begun = sorted(begun, key=lambda one: -self._seen[one].weight)[:MOST_LOOKED_AT]
        found.update(dict.fromkeys(begun))
        found.pop(prefix, None)
        return list(found)

    def _follows(self, after: Sequence[str]) -> dict[str, float]:
        """Return how likely commands are to come next, by what was run before: 0 to 1."""
        likely: dict[str, float] = {}
        for length, weight in zip(range(1, LONGEST_RUN + 1), RUN_WEIGHTS, strict=True):
            counts = self._followed.get(tuple(after[-length:])) if len(after) >= length else None
            if counts:
                total = counts.total() + 1.0  # one more: what was seen once is not certain
                for command, times in counts.items():
                    likely[command] = likely.get(command, 0.0) + weight * times / total
        if after:
            patterns = self._kinds.get(kind_of(after[-1]), Counter())
            total = patterns.total() + 1.0
            for pattern, times in patterns.most_common(10):
                command = filled_pattern(pattern, after[-1])
                if command and command != after[-1]:
                    likely[command] = likely.get(command, 0.0) + KIND_WEIGHT * times / total
            if not likely:
                self._add_group(after[-1], likely)
        return {command: value for command, value in likely.items() if HIDDEN not in command}

    def _add_group(self, last: str, likely: dict[str, float]) -> None:
        followed = self._group_followed.get(self._groups.get(last, -1))
        if not followed:
            return
        total = followed.total() + 1.0
        for group, times in followed.most_common(3):
            members = self._members[group]
            weight = sum(self._seen[one].weight for one in members) or 1.0
            for command in members[:MOST_LOOKED_AT]:
                share = self._seen[command].weight / weight
                likely[command] = likely.get(command, 0.0) + GROUP_WEIGHT * times / total * share

    @staticmethod
    def _fits_here(seen: _Seen, host_class: str, directory: str, now: float) -> float:
        """Return how well a command suits place and time: 1 for as well as anywhere, up to some 3."""
        fits = 1.0
        if host_class:
            fits += seen.classes[host_class] / seen.uses
        if directory:
            fits += seen.directories[directory] / seen.uses
        return fits + 0.5 * seen.hours[part_of_day(now)] / seen.uses

    def _told(self, command: str, score: float, last: str) -> Suggestion:
        seen = self._seen.get(command)
        if seen is None:
            return Suggestion(command=command, score=score, uses=0, well=0, known=0, after=last)
        times = self._followed.get((last,), Counter())[command] if last else 0
        return Suggestion(
            command=command, score=score, uses=seen.uses, well=seen.well, known=seen.known, after=last if times else "",
            times_after=times,
        )  # fmt: skip


def kind_of(command: str) -> str:
    """Return the program of a command with its verb: "systemctl restart" for `systemctl restart nginx`."""
    words = command.split()
    verb = words[1] if len(words) > 1 and words[1].isalpha() else ""
    return f"{words[0]} {verb}".strip() if words else ""


def pattern_of(before: str, command: str) -> tuple[str, ...]:
    r"""Return a command with the words that it shares with the one before as their places there; () if it shares none.

    `systemctl status nginx` after `systemctl restart nginx` is ("systemctl", "status", "\x002").
    """
    places = {word: place for place, word in enumerate(before.split()) if place > 0 and len(word) > 1}
    words = command.split()
    made = tuple(f"\0{places[word]}" if word in places and at > 0 else word for at, word in enumerate(words))
    taken = any(word.startswith("\0") and not _is_option(before, word) for word in made)
    return made if taken else ()


def _is_option(before: str, place: str) -> bool:  # sharing `-n` says nothing
    return before.split()[int(place[1:])].startswith("-")


def filled_pattern(pattern: Sequence[str], before: str) -> str:
    """Return the command that a pattern makes of the one before, "" when that is too short for it."""
    words = before.split()
    made = []
    for word in pattern:
        if word.startswith("\0"):
            place = int(word[1:])
            if place >= len(words):
                return ""
            made.append(words[place])
        else:
            made.append(word)
    return " ".join(made)
