"""From what a command would do to how bad that could be.

Every effect has a grade by its kind, its object and its certainty; the grade of a command is the worst of them. What
could not be followed is at least medium, and high where it runs with more rights or comes over the network.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

from opsterm.policy.effect_sentences import sentences_of
from opsterm.policy.effects import Certainty, Effect, EffectKind, Span
from opsterm.policy.level import RiskLevel
from opsterm.policy.order import PLAN, UNIX_SHELLS
from opsterm.policy.shell.notes import RAISING
from opsterm.policy.shell.places import PathKind, place_of
from opsterm.policy.understanding import Understanding
from opsterm.policy.win32.grades import level_on_windows

_K, _L = EffectKind, RiskLevel

_BASE: Mapping[EffectKind, RiskLevel] = {
    _K.READ: _L.READ, _K.READ_SECRET: _L.HIGH, _K.WRITE_FILE: _L.LOW, _K.WRITE_CONFIG: _L.MEDIUM,
    _K.TRUNCATE: _L.MEDIUM, _K.DELETE: _L.MEDIUM, _K.DATA_LOSS: _L.CRITICAL, _K.PERM: _L.MEDIUM,
    _K.OWNER: _L.MEDIUM, _K.PRIVILEGE: _L.HIGH,
    _K.USER: _L.HIGH, _K.SERVICE_START: _L.MEDIUM, _K.SERVICE_STOP: _L.HIGH, _K.SERVICE_RESTART: _L.MEDIUM,
    _K.SERVICE_ENABLE: _L.MEDIUM, _K.PROCESS_KILL: _L.HIGH, _K.PACKAGE_ADD: _L.MEDIUM, _K.PACKAGE_REMOVE: _L.HIGH,
    _K.PACKAGE_UPGRADE: _L.MEDIUM, _K.KERNEL_PARAM: _L.MEDIUM, _K.KERNEL_MODULE: _L.HIGH, _K.BOOT: _L.HIGH,
    _K.REBOOT: _L.HIGH, _K.NETWORK: _L.MEDIUM, _K.LOCKOUT: _L.CRITICAL, _K.FIREWALL_WEAKEN: _L.HIGH,
    _K.SECURITY_WEAKEN: _L.HIGH, _K.LOG_LOSS: _L.CRITICAL, _K.SCHEDULE: _L.MEDIUM, _K.REMOTE_CODE: _L.HIGH,
    _K.EXFIL: _L.HIGH, _K.DB_WRITE: _L.MEDIUM, _K.INFRA: _L.MEDIUM, _K.DOS: _L.CRITICAL,
}  # fmt: skip
"""Kind -> grade when nothing is known of the object."""

_MILDER_WHEN_POSSIBLE: Mapping[RiskLevel, RiskLevel] = {
    _L.CRITICAL: _L.HIGH, _L.HIGH: _L.HIGH, _L.MEDIUM: _L.MEDIUM, _L.LOW: _L.LOW, _L.READ: _L.READ
}  # fmt: skip
_SOFT = frozenset({_K.EXFIL, _K.SECURITY_WEAKEN, _K.FIREWALL_WEAKEN, _K.PROCESS_KILL, _K.SERVICE_STOP, _K.USER})
"""Kinds of which a mere possibility is one grade milder: most uses of the program do no harm."""

_MILD_PLACES = frozenset({PathKind.TEMPORARY, PathKind.HOME, PathKind.RELATIVE, PathKind.NOTHING})
_FIRM_PLACES = frozenset({
    PathKind.PROGRAMS, PathKind.BOOT, PathKind.ROOT, PathKind.TREE, PathKind.KERNEL, PathKind.DEVICE, PathKind.LOGIN,
    PathKind.ACCOUNTS, PathKind.KEYS, PathKind.NET,
})  # fmt: skip
_MORE_THAN_FILES = frozenset({_K.INFRA, _K.USER, _K.DB_WRITE})
_FILES = frozenset({_K.WRITE_FILE, _K.WRITE_CONFIG, _K.TRUNCATE, _K.DELETE, _K.PERM, _K.OWNER})

REASONS_AT_MOST = 8


class RiskDecision(StrEnum):
    """What a grade asks for before it runs, when no rule says more."""

    ALLOW = "allow"
    APPROVE = "approve"
    TWO_PERSONS = "two persons"


DECISIONS: Mapping[RiskLevel, RiskDecision] = {
    _L.READ: RiskDecision.ALLOW, _L.LOW: RiskDecision.APPROVE, _L.MEDIUM: RiskDecision.APPROVE,
    _L.HIGH: RiskDecision.APPROVE, _L.CRITICAL: RiskDecision.TWO_PERSONS,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskGrade:
    """How bad what is understood could be.

    Attributes:
        level: the grade.
        reasons: whole sentences, the weightiest first; empty only when the caller has told all of it.
        decision: what it asks for.
        lockout: whether it can cut the way to the target.
    """

    level: RiskLevel
    reasons: tuple[str, ...]
    decision: RiskDecision
    lockout: bool


def grade(understanding: Understanding, told: Collection[Effect] = ()) -> RiskGrade:
    """Grade what a command would do. Never raises.

    Args:
        understanding: the command.
        told: effects of which the caller has sentences of its own; they are graded, and not told again.
    """
    infra = frozenset(effect.span for effect in understanding.effects if effect.kind in _MORE_THAN_FILES)
    graded = sorted(
        ((level_of(effect, infra, understanding.shell), effect) for effect in understanding.effects),
        key=lambda pair: -pair[0].order,
    )
    level = graded[0][0] if graded else RiskLevel.READ
    reasons = sentences_of([effect for _, effect in graded], told)
    if understanding.opaque:
        floor = _opaque_floor(understanding)
        level = max(level, floor, key=lambda one: one.order)
        reasons = [*reasons, *understanding.opaque]
    if not reasons and level is RiskLevel.READ:
        reasons = ["It only reads, as far as this check knows its commands." if graded else "It starts nothing."]
    lockout = any(effect.kind is EffectKind.LOCKOUT for effect in understanding.effects)
    return RiskGrade(
        level=level, reasons=tuple(reasons[:REASONS_AT_MOST]), decision=DECISIONS[level], lockout=lockout
    )  # fmt: skip


def _opaque_floor(understanding: Understanding) -> RiskLevel:
    raised = any(RAISING.intersection(command.via) for command in understanding.commands)
    return RiskLevel.HIGH if raised else RiskLevel.MEDIUM


def level_of(effect: Effect, infra: frozenset[Span] = frozenset(), shell: str = "sh") -> RiskLevel:
    """Return the grade of one effect.

    Args:
        effect: the effect.
        infra: where the command changes what is more than files: to delete that is more than to delete a file.
        shell: what it was read in, which says whether its paths are those of Windows.
    """
    kind = effect.kind
    level = _BASE[kind]
    if kind in _FILES and shell not in (*UNIX_SHELLS, PLAN) and not effect.object.startswith("/"):
        level = level_on_windows(kind, effect.object)
    elif kind in _FILES and (kind is not _K.DELETE or effect.object.startswith(("/", "~", ".", "$"))):
        level = _of_place(kind, effect.object)
    elif kind is _K.DELETE:
        unsaid = effect.object in ("", "?", "what it reads")
        level = RiskLevel.HIGH if effect.span in infra or unsaid else _of_place(kind, effect.object)
    if kind is _K.PROCESS_KILL and effect.certainty is Certainty.LIKELY:
        level = RiskLevel.MEDIUM
    if effect.certainty is Certainty.POSSIBLE:
        level = RiskLevel.MEDIUM if kind in _SOFT or kind is _K.DELETE else _MILDER_WHEN_POSSIBLE[level]
    return level


def _of_place(kind: EffectKind, path: str) -> RiskLevel:
    """Return the grade of something that is done to a file, by where it is."""
    place = place_of(path)
    wide = "*" in path or "?" in path
    if kind is _K.DELETE:
        if place in (PathKind.TEMPORARY, PathKind.RELATIVE) and not path.startswith(".."):
            return RiskLevel.MEDIUM
        if place is PathKind.HOME and not wide:
            return RiskLevel.MEDIUM
        return RiskLevel.HIGH
    if kind is _K.TRUNCATE:
        return RiskLevel.MEDIUM if place in _MILD_PLACES else RiskLevel.HIGH
    if kind in (_K.PERM, _K.OWNER):
        return RiskLevel.LOW if place in _MILD_PLACES else RiskLevel.HIGH if place in _FIRM_PLACES else RiskLevel.MEDIUM
    if place in _FIRM_PLACES:
        return RiskLevel.HIGH
    if kind is _K.WRITE_FILE:
        return RiskLevel.LOW if place in _MILD_PLACES or not path else RiskLevel.MEDIUM
    return RiskLevel.MEDIUM
