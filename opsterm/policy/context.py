"""What the place and the hour of a command add to its grade: they raise it, and never make it milder."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from opsterm.inventory.folding import fold
from opsterm.policy.effects import Certainty, Effect, EffectKind
from opsterm.policy.level import RiskLevel
from opsterm.policy.shell.places import SYSTEM, place_of

_K, _L = EffectKind, RiskLevel

MANY_TARGETS = 5
"""More targets than this are worth a sentence."""

SHARE_OF_GROUP = 0.5
"""From this share of a group on, what goes wrong is felt by the service and not by one host."""

PARTNERS = ("redundancy:", "ha:")
"""Tags that begin so name the group of hosts of which one has to stay: `redundancy:db-main`."""

_PRODUCTION = frozenset({"prod", "production", "live", "prd"})
_TAKES_AWAY = frozenset({
    _K.SERVICE_STOP, _K.SERVICE_RESTART, _K.REBOOT, _K.PROCESS_KILL, _K.PACKAGE_REMOVE, _K.PACKAGE_UPGRADE, _K.LOCKOUT,
    _K.NETWORK, _K.BOOT, _K.DATA_LOSS, _K.KERNEL_MODULE, _K.DOS, _K.DELETE, _K.INFRA,
})  # fmt: skip
"""Kinds that can take a service away; on all partners at once nobody is left to serve."""

_ON_FILES = frozenset({_K.DELETE, _K.TRUNCATE, _K.PERM, _K.OWNER})
_LOST = frozenset({_K.DELETE, _K.TRUNCATE, _K.DATA_LOSS, _K.DB_WRITE, _K.PACKAGE_REMOVE, _K.LOG_LOSS})
_OPEN_ENDED = re.compile(r"[*?]|\$\{?\w+|\$\(|`")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfGroup:
    """How much of a group of targets a command would reach.

    Attributes:
        name: of the group.
        chosen: names of its members that it reaches, at least one.
        size: members there are, at least one.
        partners: whether its members stand in for one another.
    """

    name: str
    chosen: tuple[str, ...]
    size: int
    partners: bool = False

    @property
    def whole(self) -> bool:
        """Whether all of at least two partners would be reached at once."""
        return self.partners and self.size > 1 and len(self.chosen) >= self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedRaise:
    """What a model of past outcomes can say: one grade more. It has no word for another grade, or for less.

    Attributes:
        reason: a whole sentence with its figures.
    """

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where and when a command would run.

    Attributes:
        environments: of each target, "" where it is not said.
        shares: of each group that it touches.
        outside_window: whether now is outside of the hours for changes there.
        no_way_back: whether it is known that nothing prepared can undo it.
        learned: what past outcomes add, None for nothing.
    """

    environments: Sequence[str] = ()
    shares: Sequence[ShareOfGroup] = ()
    outside_window: bool = False
    no_way_back: bool = False
    learned: LearnedRaise | None = None


NOWHERE = Surroundings()


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedLevel:
    """A level, and whole sentences of what raised it; none when it is as it was."""

    level: RiskLevel
    reasons: tuple[str, ...] = ()


Labels = Mapping[str, tuple[Sequence[str], Sequence[str]]]


def shares_of(chosen: Sequence[str], labels: Labels) -> tuple[ShareOfGroup, ...]:
    """Return how much of each group is chosen.

    Args:
        chosen: names of targets.
        labels: name of every target there is -> its groups and its tags.
    """
    members: dict[tuple[str, bool], list[str]] = {}
    for name, (groups, tags) in labels.items():
        for group in groups:
            members.setdefault((group, False), []).append(name)
        for tag in tags:
            if tag.startswith(PARTNERS):
                members.setdefault((tag, True), []).append(name)
    picked = frozenset(chosen)
    found = (
        ShareOfGroup(name=group, chosen=tuple(n for n in names if n in picked), size=len(names), partners=partners)
        for (group, partners), names in members.items()
    )
    return tuple(share for share in found if share.chosen)


def raise_level(level: RiskLevel, effects: Sequence[Effect], around: Surroundings) -> RaisedLevel:
    """Return the level there and then, never a milder one. What only reads is the same everywhere.

    Args:
        level: of the command by itself.
        effects: what it would do; empty when that is not understood.
        around: where and when.
    """
    if level is _L.READ:
        return RaisedLevel(level=level)
    kinds = {effect.kind for effect in effects}
    found: list[tuple[RiskLevel, str]] = []
    found += _by_place(level, kinds, around)
    found += _by_objects(level, effects)
    if around.outside_window:
        found.append((_above(level), "It is outside of the hours for changes there."))
    if around.no_way_back and any(_is_lost(effect) for effect in effects):
        found.append((_at_least(level, _L.HIGH), "Nothing that is prepared can undo it."))
    if around.learned is not None:
        found.append((_above_up_to_high(level), around.learned.reason))
    highest = max((one for one, _ in found), key=lambda one: one.order, default=level)
    return RaisedLevel(level=_at_least(level, highest), reasons=tuple(said for _, said in found))


def _by_place(level: RiskLevel, kinds: set[EffectKind], around: Surroundings) -> list[tuple[RiskLevel, str]]:
    found = []
    targets, live = len(around.environments), sum(is_production(one) for one in around.environments)
    if live:
        harsher = _L.CRITICAL if _K.REBOOT in kinds else _from_medium(level)
        found.append((harsher, _in_production(live, targets)))
    if targets > MANY_TARGETS:
        said = f"It would run on {targets} targets."
        found += [(_from_medium(level), said)] if live < targets else []  # all of them are told above
    takes_away = bool(kinds & _TAKES_AWAY or not kinds)
    whole = [share for share in around.shares if share.whole and takes_away]
    for share in whole:
        both = "both" if share.size == 2 else f"all {share.size}"
        found.append((_L.CRITICAL, f"It runs on {both} of {fold(share.chosen)}, which stand in for one another."))
    large = [share for share in around.shares if share not in whole and _is_large(share)]
    if large:
        parts = [f"{len(share.chosen)} of {share.size} of the group {share.name}" for share in large]
        found.append((_from_medium(level), f"It would run on {', '.join(parts)}."))
    return found


def _is_large(share: ShareOfGroup) -> bool:
    return share.size > 2 and len(share.chosen) / share.size >= SHARE_OF_GROUP


def _in_production(live: int, targets: int) -> str:
    if targets == 1:
        return "The target is in production."
    return f"{f'All {targets}' if live == targets else f'{live} of {targets}'} targets are in production."


def _is_lost(effect: Effect) -> bool:
    """Return whether an effect takes away what somebody may want back; what is only possible is no loss yet."""
    return effect.kind in _LOST and effect.certainty is not Certainty.POSSIBLE


def _by_objects(level: RiskLevel, effects: Sequence[Effect]) -> list[tuple[RiskLevel, str]]:
    touched = [effect for effect in effects if effect.kind in _ON_FILES]
    open_ended = next((effect.object for effect in touched if _OPEN_ENDED.search(effect.object)), "")
    system = next((effect.object for effect in touched if place_of(effect.object) in SYSTEM), "")
    found = []
    if open_ended:
        found.append((_from_medium(level), f"What {open_ended[:60]} stands for is known only when it runs."))
    if system:
        found.append((_from_medium(level), f"{system[:60]} belongs to the system."))
    return found


def is_production(environment: str) -> bool:
    """Return whether an environment is one on which people depend."""
    return environment.lower() in _PRODUCTION


def _from_medium(level: RiskLevel) -> RiskLevel:
    return _L.HIGH if level is _L.MEDIUM else level


def _above(level: RiskLevel) -> RiskLevel:
    levels = list(RiskLevel)
    return levels[min(level.order + 1, len(levels) - 1)]


def _above_up_to_high(level: RiskLevel) -> RiskLevel:
    """Return one grade more, which is never critical: that asks for two persons, and an estimate does not."""
    return min(_above(level), RiskLevel.HIGH, key=lambda one: one.order)


def _at_least(level: RiskLevel, floor: RiskLevel) -> RiskLevel:
    return max(level, floor, key=lambda one: one.order)
