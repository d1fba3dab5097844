"""How a change goes over its targets: which first, how many at once, and how much may go wrong.

A rollout is part of what is approved, as text: "rolling:5 wait=300 max-failures=10% max-unavailable=1
redundancy:db-main=db-01,db-02", and at its end what a gate compares. The empty text is the rollout of an order that
says nothing: all side by side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.changes.gate import Gate, gate_of, parse_gate
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.core.units import parse_duration
from opsterm.policy.context import PARTNERS
from opsterm.policy.order import Order

EXAMPLES = "parallel, sequential, rolling:5, canary:1 or canary:1:5"
LONGEST_WAIT_S = 86_400
"""Seconds that may be waited between two batches."""

_WAIT, _FAILURES, _UNAVAILABLE, _AWAY, _GATE = "wait=", "max-failures=", "max-unavailable=", "away=", " gate="
_STRATEGY = re.compile(r"(parallel|sequential)|(rolling):([1-9]\d{0,5})|(canary):([1-9]\d{0,5})(?::([1-9]\d{0,5}))?")
_BUDGET = re.compile(r"([1-9]\d{0,5})(%?)")


class Strategy(StrEnum):
    """In which order targets are worked on."""

    PARALLEL = "parallel"
    SEQUENTIAL = "sequential"
    ROLLING = "rolling"
    CANARY = "canary"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureBudget:
    """How many targets may fail.

    Attributes:
        amount: of targets, or percent of them.
        is_share: whether it is percent.
    """

    amount: int
    is_share: bool = False

    def __str__(self) -> str:
        return f"{self.amount}{'%' * self.is_share}"

    def of(self, count: int) -> int:
        """Return how many of so many targets may fail, rounded down."""
        return count * self.amount // 100 if self.is_share else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """How a change goes over its targets.

    Attributes:
        strategy: the order of work.
        first: targets that a canary tries first, 0 for any other strategy.
        batch: targets of a batch, 0 for all that are left.
        budget: how many may fail, None when nothing is said.
        max_unavailable: members of a redundancy group that may be away at once; 0 for any number.
        groups: name of each redundancy group that is touched -> all its members, also those that are no targets.
        away: members that are away from the beginning, sorted: a change that this one goes on with failed there.
        wait_s: seconds between two batches, during which what is verified is looked at again and again.
        gate: what is compared behind the canaries, None for nothing.
    """

    strategy: Strategy = Strategy.PARALLEL
    first: int = 0
    batch: int = 0
    budget: FailureBudget | None = None
    max_unavailable: int = 0
    groups: Mapping[str, tuple[str, ...]]
    away: tuple[str, ...] = ()
    wait_s: int = 0
    gate: Gate | None = None

    def __str__(self) -> str:
        if self == SIDE_BY_SIDE:
            return ""
        words = [self.word]
        if self.wait_s:
            words.append(f"{_WAIT}{self.wait_s}")
        if self.budget is not None:
            words.append(f"{_FAILURES}{self.budget}")
        if self.max_unavailable:
            words.append(f"{_UNAVAILABLE}{self.max_unavailable}")
        if self.away:
            words.append(f"{_AWAY}{','.join(self.away)}")
        words += [f"{group}={','.join(names)}" for group, names in sorted(self.groups.items())]
        return " ".join(words) + (f"{_GATE}{self.gate.text()}" if self.gate is not None else "")

    @property
    def word(self) -> str:
        """The strategy as it is written: "canary:1:5"."""
        numbers = [number for number in (self.first, self.batch) if number and self.strategy is not Strategy.SEQUENTIAL]
        return ":".join([self.strategy, *map(str, numbers)])

    def batches(self, names: Sequence[str]) -> list[Sequence[str]]:
        """Return targets in batches, in their order; a batch begins when all before it have ended."""
        head, rest = names[: self.first], names[self.first :]
        size = self.batch or max(1, len(rest))
        parts = [head, *(rest[start : start + size] for start in range(0, len(rest), size))]
        return [part for part in parts if part]


SIDE_BY_SIDE = Rollout(groups={})
"""All targets at once, as far as the setting ssh.parallel goes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutWish:
    """What somebody asks for, in words.

    Attributes:
        strategy: as for `parse_strategy`, "" for side by side.
        failures: as for `parse_budget`, "" for none.
        max_unavailable: members of a redundancy group that may be away at once, 0 for any number.
        wait: how long is waited between two batches, as in "5m"; "" for not at all.
        probe, margin, worse: as for `gate_of`; "" for no probe.
        if_possible: whether what cannot be had on these targets is left out, as where a change is gone on with on few.
    """

    strategy: str = ""
    failures: str = ""
    max_unavailable: int = 0
    wait: str = ""
    probe: str = ""
    margin: str = ""
    worse: str = ""
    if_possible: bool = False


NO_WISH = RolloutWish()


def parse_strategy(text: str) -> Rollout:
    """Return the rollout that a word such as "rolling:5" stands for. Raises BadInput."""
    found = _STRATEGY.fullmatch(text.strip())
    if found is None:
        raise BadInput(f"{clean_line(text, limit=80)!r} is no rollout.", next_step=f"Write one of {EXAMPLES}.")
    plain, rolling, batch, canary, first, rest = found.groups()
    if plain:
        return Rollout(strategy=Strategy(plain), batch=int(plain == Strategy.SEQUENTIAL), groups={})
    if rolling:
        return Rollout(strategy=Strategy.ROLLING, batch=int(batch), groups={})
    return Rollout(strategy=Strategy(canary), first=int(first), batch=int(rest or 0), groups={})


def parse_budget(text: str) -> FailureBudget:
    """Return how many may fail, of a text such as "2" or "10%". Raises BadInput."""
    found = _BUDGET.fullmatch(text.strip())
    if found is None or (found[2] and int(found[1]) > 100):
        raise BadInput(
            f"{clean_line(text, limit=80)!r} is no number of targets that may fail.",
            next_step="Write 2 or 10%. 1 stops at the first that fails; each start takes one of it until it ends.",
        )
    return FailureBudget(amount=int(found[1]), is_share=bool(found[2]))


def wait_s(text: str) -> int:
    """Return the seconds that are waited between two batches, of a text such as "5m". Raises BadInput."""
    seconds = round(parse_duration(text))
    if not 1 <= seconds <= LONGEST_WAIT_S:
        raise BadInput("Between two batches 1 s to 24 h are waited.", next_step="Write it as in --wait 5m.")
    return seconds


def _with_gate(rollout: Rollout, wish: RolloutWish) -> Rollout:
    """Return a rollout with the wait and the gate that are asked for. Raises BadInput, Refused."""
    if wish.wait:
        rollout = replace(rollout, wait_s=wait_s(wish.wait))
    if wish.probe:
        return replace(rollout, gate=gate_of(wish.probe, wish.margin, wish.worse))
    if wish.margin or wish.worse:
        raise BadInput(
            "It says what is worse, and not of what.", next_step="Say what is measured: --probe metric:load.1m"
        )
    return rollout


def planned(wish: RolloutWish, groups: Mapping[str, tuple[str, ...]], away: Sequence[str] = ()) -> Rollout:
    """Return the rollout that somebody asks for.

    Args:
        wish: what is asked for.
        groups: redundancy groups that the targets touch, with all their members.
        away: targets on which a change has failed that this one goes on with.

    Raises:
        BadInput: a word of it cannot be read.
        Refused: its probe is a command that is not known to only read.
    """
    rollout = _with_gate(parse_strategy(wish.strategy) if wish.strategy else SIDE_BY_SIDE, wish)
    if wish.failures:
        rollout = replace(rollout, budget=parse_budget(wish.failures))
    if not wish.max_unavailable or (wish.if_possible and not groups):
        return rollout
    held = {name for members in groups.values() for name in members} & set(away)
    return replace(rollout, max_unavailable=wish.max_unavailable, groups=groups, away=tuple(sorted(held)))


def wish_of(rollout: Rollout) -> RolloutWish:
    """Return what was asked for, so that it can be asked for again on other targets."""
    failures, gate = str(rollout.budget) if rollout.budget is not None else "", rollout.gate
    return RolloutWish(
        strategy="" if rollout.strategy is Strategy.PARALLEL else rollout.word, failures=failures,
        max_unavailable=rollout.max_unavailable, wait=f"{rollout.wait_s}s" if rollout.wait_s else "",
        probe=gate.probe if gate is not None else "", margin=gate.margin if gate is not None else "",
        worse=gate.worse if gate is not None else "",
    )  # fmt: skip


def narrowed(rollout: Rollout, count: int) -> Rollout:
    """Return a rollout as it can be had on so many targets: with fewer first, and without what needs more.

    Args:
        rollout: any.
        count: of targets, 1 and up.
    """
    if rollout.budget is not None and not rollout.budget.of(count):
        rollout = replace(rollout, budget=FailureBudget(amount=1))
    if rollout.first >= count:
        rollout = replace(rollout, first=count - 1)
    if rollout.strategy is Strategy.CANARY and not rollout.first:
        rollout = replace(rollout, strategy=Strategy.SEQUENTIAL, batch=1, gate=None)
    return rollout if len(rollout.batches([""] * count)) > 1 else replace(rollout, wait_s=0)


def backwards(rollout: Rollout) -> RolloutWish:
    """Return how a change is taken back that went over its targets so: in no larger batches, and on to the last.

    What was tried first needs no trial again. A target that cannot be put back is no reason to leave the others.
    """
    one_by_one = rollout.strategy is Strategy.SEQUENTIAL
    strategy = "sequential" if one_by_one else f"rolling:{rollout.batch}" if rollout.batch else ""
    failures = "100%" if strategy else ""
    return RolloutWish(
        strategy=strategy, failures=failures, max_unavailable=rollout.max_unavailable, if_possible=True
    )  # fmt: skip


def parse_rollout(text: str) -> Rollout:
    """Return the rollout that an order says.

    Raises:
        BadInput: it is not what `str` makes of one.
    """
    if not text:
        return SIDE_BY_SIDE
    plain, _, gate = text.partition(_GATE)
    word, *more = plain.split(" ")
    rollout = replace(parse_strategy(word), gate=parse_gate(gate) if gate else None)
    if more and more[0].startswith(_WAIT):
        rollout = replace(rollout, wait_s=wait_s(more.pop(0).removeprefix(_WAIT)))
    if more and more[0].startswith(_FAILURES):
        rollout = replace(rollout, budget=parse_budget(more.pop(0).removeprefix(_FAILURES)))
    if more and more[0].startswith(_UNAVAILABLE):
        number = more.pop(0).removeprefix(_UNAVAILABLE)
        away = tuple(more.pop(0).removeprefix(_AWAY).split(",")) if more and more[0].startswith(_AWAY) else ()
        pairs = (one.partition("=") for one in more)
        groups = {group: tuple(names.split(",")) for group, _, names in pairs if group.startswith(PARTNERS)}
        most = int(number) if number.isdecimal() else 0
        rollout = replace(rollout, max_unavailable=most, groups=groups, away=away)
    if str(rollout) != text:
        raise BadInput(f"{clean_line(text, limit=80)!r} is no rollout.", next_step="Propose the change again.")
    return rollout


def rollout_of(order: Order) -> Rollout:
    """Return how an order goes over its targets. Raises BadInput as `parse_rollout`."""
    return parse_rollout(order.terms.rollout if order.terms is not None else "")


def require_able(rollout: Rollout, count: int) -> None:
    """Check that a rollout lets something start.

    Args:
        rollout: any.
        count: targets there are.

    Raises:
        BadInput: its budget is less than one target, no target is in a redundancy group, or a canary is all.
    """
    if rollout.budget is not None and not rollout.budget.of(count):
        raise BadInput(
            f"{rollout.budget} of {count} targets is less than one: nothing might start.",
            next_step="Write --max-failures 1, which stops at the first that fails, or a larger share.",
        )
    if rollout.max_unavailable and not rollout.groups:
        raise BadInput(
            "No target is in a redundancy group, so there is nothing to keep healthy.",
            next_step="Give those that stand in for one another a tag such as redundancy:db-main, or leave "
            "--max-unavailable away.",
        )
    if rollout.first >= count:
        raise BadInput(
            f"A canary of {rollout.first} leaves none of {count} targets for later.", next_step="Try fewer first."
        )
    if rollout.gate is not None and not rollout.first:
        raise BadInput(
            "A probe compares those that are tried first with the rest, and none are tried first.",
            next_step="Propose it with --rollout canary:1, or leave --probe away.",
        )
    if rollout.gate is not None and rollout.gate.metric and not rollout.wait_s:
        raise BadInput(
            "A metric is measured at its interval, and nothing is waited for that.",
            next_step="Propose it with --wait 5m, or with a probe that is run: command: or http:.",
        )
    if rollout.wait_s and len(rollout.batches([""] * count)) == 1:
        raise BadInput(
            "There is one batch only, so there is nothing to wait between.",
            next_step="Propose it with --rollout canary:1 or rolling:5, or leave --wait away.",
        )
