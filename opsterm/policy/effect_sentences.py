"""What is said of the effects of a command: one sentence for each distinct fact, the weightiest first.

Many effects say the same thing twice: what deletes a file for good also deletes it, and what opens the firewall also
changes the network. The heavier one is told, and the lighter one is only told of what the heavier one leaves out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from opsterm.policy.effects import Certainty, Effect, EffectKind

_K = EffectKind

NAMED_AT_MOST = 3
"""Objects that a sentence names; of more it says how many."""

_NAME_LENGTH = 60

_SAID: Mapping[EffectKind, str] = {
    _K.READ_SECRET: "It shows a secret", _K.WRITE_FILE: "It writes files",
    _K.WRITE_CONFIG: "It changes configuration",
    _K.TRUNCATE: "It empties what was in", _K.DELETE: "It deletes", _K.DATA_LOSS: "Data can be lost for good",
    _K.PERM: "It changes who may use", _K.OWNER: "It changes who owns", _K.PRIVILEGE: "It gives more rights",
    _K.USER: "It changes accounts", _K.SERVICE_START: "It starts", _K.SERVICE_STOP: "It stops",
    _K.SERVICE_RESTART: "It restarts", _K.SERVICE_ENABLE: "It changes what starts by itself",
    _K.PROCESS_KILL: "It kills processes", _K.PACKAGE_ADD: "It installs", _K.PACKAGE_REMOVE: "It removes packages",
    _K.PACKAGE_UPGRADE: "It upgrades packages", _K.KERNEL_PARAM: "It changes the running kernel",
    _K.KERNEL_MODULE: "It changes kernel modules", _K.BOOT: "It changes how the host starts",
    _K.REBOOT: "The host goes down", _K.NETWORK: "It changes the network",
    _K.LOCKOUT: "It can cut the way to the target", _K.FIREWALL_WEAKEN: "It opens the firewall",
    _K.SECURITY_WEAKEN: "It weakens a protection", _K.LOG_LOSS: "Records of what happened are lost",
    _K.SCHEDULE: "It lets something run later", _K.REMOTE_CODE: "It runs code from somewhere else",
    _K.EXFIL: "It sends data away", _K.DB_WRITE: "It writes to a database",
    _K.INFRA: "It changes infrastructure", _K.DOS: "It can bring the host to a standstill",
}  # fmt: skip

_TELLS: Mapping[EffectKind, frozenset[EffectKind]] = {
    _K.LOG_LOSS: frozenset({_K.DATA_LOSS, _K.DELETE, _K.TRUNCATE, _K.WRITE_FILE, _K.WRITE_CONFIG}),
    _K.DATA_LOSS: frozenset({
        _K.DELETE, _K.TRUNCATE, _K.WRITE_FILE, _K.WRITE_CONFIG, _K.DB_WRITE, _K.INFRA, _K.SCHEDULE,
    }),
    _K.DELETE: frozenset({_K.WRITE_FILE, _K.WRITE_CONFIG, _K.INFRA, _K.DB_WRITE, _K.USER}),
    _K.TRUNCATE: frozenset({_K.WRITE_FILE, _K.WRITE_CONFIG}),
    _K.WRITE_CONFIG: frozenset({_K.WRITE_FILE}),
    _K.FIREWALL_WEAKEN: frozenset({_K.NETWORK}),
    _K.LOCKOUT: frozenset({_K.NETWORK}),
    _K.PRIVILEGE: frozenset({_K.USER}),
}  # fmt: skip
"""Kind -> what it tells as well when it is about the same thing."""

_TOGETHER: Mapping[tuple[EffectKind, EffectKind], str] = {
    (_K.DATA_LOSS, _K.DELETE): "It deletes for good",
    (_K.DATA_LOSS, _K.TRUNCATE): "It empties for good",
    (_K.LOG_LOSS, _K.DELETE): "It deletes records of what happened",
    (_K.LOG_LOSS, _K.TRUNCATE): "It empties records of what happened",
    (_K.PRIVILEGE, _K.USER): "It gives more rights to",
}
"""(kind, what it tells as well) -> what is said of both, the first that fits."""

_COUNTED: Mapping[str, str] = {
    "It deletes": "It deletes {} paths", "It deletes for good": "It deletes {} paths for good",
    "It empties what was in": "It empties {} files", "It empties for good": "It empties {} files for good",
    "It writes files": "It writes {} files", "It changes configuration": "It changes {} files of configuration",
    "It changes who may use": "It changes who may use {} paths",
    "It changes who owns": "It changes who owns {} paths",
}  # fmt: skip
"""What is said of one path -> of several, with their number."""

_NAMELESS: Mapping[str, str] = {
    "It stops": "It stops a service", "It starts": "It starts a service", "It restarts": "It restarts a service",
    "It installs": "It installs packages", "It deletes": "It deletes things",
    "It deletes for good": "It deletes things for good",
    "It changes who may use": "It changes who may use files", "It changes who owns": "It changes who owns files",
    "It empties what was in": "It empties files", "It empties for good": "It empties files for good",
    "It gives more rights to": "It gives more rights to an account",
}  # fmt: skip
"""What is said of one -> of what the command does not name."""

_PATH = re.compile(r"[/~.$\\]|[A-Za-z]:\\")


def sentences_of(weighed: Sequence[Effect], told: Collection[Effect] = ()) -> list[str]:
    """Return a sentence for each distinct thing that happens and is more than reading, in the order of the effects.

    Args:
        weighed: the effects, the weightiest first.
        told: those that are told elsewhere.
    """
    heard = {effect: _heard(effect, weighed) for effect in weighed if effect.kind is not _K.READ}
    covered = {light for lights in heard.values() for light in lights} | set(told)
    groups: dict[tuple[str, bool], dict[str, None]] = {}
    for effect, lights in heard.items():
        if effect in covered:
            continue
        names = groups.setdefault((_phrase(effect, lights), effect.certainty is Certainty.POSSIBLE), {})
        if name := _name(effect.object):
            names[name] = None
    return [_sentence(phrase, list(names), maybe=maybe) for (phrase, maybe), names in groups.items()]


def _heard(effect: Effect, among: Sequence[Effect]) -> list[Effect]:
    """Return the lighter effects that somebody who is told this one has been told as well."""
    kinds = _TELLS.get(effect.kind, frozenset())
    return [one for one in among if one.kind in kinds and _is_as_sure(effect, one) and _is_same(effect, one)]


def _is_as_sure(effect: Effect, other: Effect) -> bool:
    return effect.certainty is not Certainty.POSSIBLE or other.certainty is Certainty.POSSIBLE


def _is_same(effect: Effect, other: Effect) -> bool:
    """Return whether two effects are about the same thing: "ns prod" and "prod", but not two paths with blanks."""
    if effect.object == other.object:
        return bool(effect.object) or effect.span == other.span
    if "/" in effect.object + other.object or "\\" in effect.object + other.object:
        return False
    ours, theirs = set(effect.object.split()), set(other.object.split())
    return effect.span == other.span if not ours or not theirs else ours <= theirs or theirs <= ours


def _phrase(effect: Effect, lights: Sequence[Effect]) -> str:
    kinds = {light.kind for light in lights}
    both = (said for (kind, light), said in _TOGETHER.items() if kind is effect.kind and light in kinds)
    return next(both, _SAID[effect.kind])


def _name(what: str) -> str:
    """Return how an object is named, "" for the options of a command: they stand in the command itself."""
    name = " ".join(what.split())
    if name.startswith("-"):
        return ""
    return ("/" + name.lstrip("/") if name.startswith("//") else name)[:_NAME_LENGTH]


def _sentence(phrase: str, names: Sequence[str], *, maybe: bool) -> str:
    said = phrase if names else _NAMELESS.get(phrase, phrase)
    if len(names) > 1 and all(_PATH.match(name) for name in names):
        said = _COUNTED.get(phrase, phrase).format(len(names))
    more = f" and {len(names) - NAMED_AT_MOST} more" if len(names) > NAMED_AT_MOST else ""
    shown = f": {', '.join(names[:NAMED_AT_MOST])}{more}" if names else ""
    return f"{said}{' (possibly)' * maybe}{shown}."
