"""How a change goes over its targets: which first, how many at once, and how much may go wrong.

A rollout is part of what is approved, as text: "rolling:5 max-failures=10% max-unavailable=1
redundancy:db-main=db-01,db-02". The empty text is the rollout of an order that says nothing: all side by side.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.context import PARTNERS
from opsterm.policy.order import Order

EXAMPLES = "parallel, sequential, rolling:5, canary:1 or canary:1:5"
_FAILURES, _UNAVAILABLE, _AWAY = "max-failures=", "max-unavailable=", "away="
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
    """

    strategy: Strategy = Strategy.PARALLEL
    first: int = 0
    batch: int = 0
    budget: FailureBudget | None = None
    max_unavailable: int = 0
    groups: Mapping[str, tuple[str, ...]]
    away: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self == SIDE_BY_SIDE:
            return ""
        numbers = [number for number in (self.first, self.batch) if number and self.strategy is not Strategy.SEQUENTIAL]
        words = [":".join([self.strategy, *map(str, numbers)])]
        if self.budget is not None:
            words.append(f"{_FAILURES}{self.budget}")
        if self.max_unavailable:
            words.append(f"{_UNAVAILABLE}{self.max_unavailable}")
        if self.away:
            words.append(f"{_AWAY}{','.join(self.away)}")
        return " ".join([*words, *(f"{group}={','.join(names)}" for group, names in sorted(self.groups.items()))])

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
    """

    strategy: str = ""
    failures: str = ""
    max_unavailable: int = 0


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


def planned(wish: RolloutWish, groups: Mapping[str, tuple[str, ...]], away: Sequence[str] = ()) -> Rollout:
    """Return the rollout that somebody asks for.

    Args:
        wish: what is asked for.
        groups: redundancy groups that the targets touch, with all their members.
        away: targets on which a change has failed that this one goes on with.

    Raises:
        BadInput: a word of it cannot be read.
    """
    rollout = parse_strategy(wish.strategy) if wish.strategy else SIDE_BY_SIDE
    if wish.failures:
        rollout = replace(rollout, budget=parse_budget(wish.failures))
    if not wish.max_unavailable:
        return rollout
    held = {name for members in groups.values() for name in members} & set(away)
    return replace(rollout, max_unavailable=wish.max_unavailable, groups=groups, away=tuple(sorted(held)))


def wish_of(rollout: Rollout) -> RolloutWish:
    """Return what was asked for, so that it can be asked for again on other targets."""
    plain = replace(rollout, budget=None, max_unavailable=0, groups={}, away=())
    failures = str(rollout.budget) if rollout.budget is not None else ""
    return RolloutWish(strategy=str(plain), failures=failures, max_unavailable=rollout.max_unavailable)


def backwards(rollout: Rollout) -> RolloutWish:
    """Return how a change is taken back that went over its targets so: in no larger batches, and on to the last.

    What was tried first needs no trial again. A target that cannot be put back is no reason to leave the others.
    """
    one_by_one = rollout.strategy is Strategy.SEQUENTIAL
    strategy = "sequential" if one_by_one else f"rolling:{rollout.batch}" if rollout.batch else ""
    failures = "100%" if strategy else ""
    return RolloutWish(strategy=strategy, failures=failures, max_unavailable=rollout.max_unavailable)


def parse_rollout(text: str) -> Rollout:
    """Return the rollout that an order says.

    Raises:
        BadInput: it is not what `str` makes of one.
    """
    if not text:
        return SIDE_BY_SIDE
    word, *more = text.split(" ")
    rollout = parse_strategy(word)
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


def rollout_lines(order: Order) -> tuple[str, ...]:
    """Return the rollout of an order in words, () for one that says nothing."""
    if order.terms is None or not order.terms.rollout:
        return ()
    try:
        rollout, count = rollout_of(order), len(order.targets)
    except BadInput as error:
        return (error.what,)
    lines = [_in_words(rollout, count), _until(rollout, count)]
    if rollout.max_unavailable:
        said = ", ".join(f"{group} ({len(names)} members)" for group, names in rollout.groups.items())
        lines.append(f"at most {rollout.max_unavailable} at once at work, failed or silent of {said}")
    return tuple(lines)


def _in_words(rollout: Rollout, count: int) -> str:
    batches = len(rollout.batches([""] * count))
    match rollout.strategy:
        case Strategy.PARALLEL:
            return "all targets side by side"
        case Strategy.SEQUENTIAL:
            return f"one target after another, {count} in all"
        case Strategy.ROLLING:
            return f"in {batches} batch{'es' * (batches != 1)} of {rollout.batch}"
        case Strategy.CANARY:
            rest = f"in batches of {rollout.batch}" if rollout.batch else "all together"
            return f"{rollout.first} first; when all of them are done the other {count - rollout.first}, {rest}"


def _until(rollout: Rollout, count: int) -> str:
    if rollout.budget is not None:
        allowed = rollout.budget.of(count)
        share = f" ({rollout.budget} of {count})" if rollout.budget.is_share else ""
        return f"starts no more when {allowed}{share} failed; each at work takes one of that until it is done"
    if rollout.strategy is Strategy.PARALLEL:
        return "goes on when some fail"
    return "starts no more after the first failure"
