"""The texts that keep and put back, made of the shell texts in `keeper/`."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from functools import cache
from typing import Final

from opsterm.changes.way_back.keeper import TEXTS
from opsterm.policy.way_back import Thing, ThingKind

_TEXTS: Final = {
    ThingKind.PACKAGES: ("packages",), ThingKind.FILES: ("files",), ThingKind.RIGHTS: ("files", "rights"),
    ThingKind.CRONTAB: ("settings",), ThingKind.SYSCTL: ("settings",), ThingKind.MODULE: ("settings",),
    ThingKind.HOSTNAME: ("settings",), ThingKind.NETWORK: ("network",), ThingKind.FIREWALL: ("firewall",),
    ThingKind.UNIT: ("unit",),
}  # fmt: skip


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._@:+=,-~")


class KeeperStep(StrEnum):
    """What is done about a recovery point on a target."""

    CAPTURE = "capture"
    NOTE = "note"
    COMPARE = "compare"
    RESTORE = "restore"
    FORGET = "forget"


def keeper_text(step: KeeperStep, point: str, things: Sequence[Thing], *, insist: bool = False) -> str:
    """Return the text for `sh` that does a step.

    Args:
        step: which.
        point: name of the recovery point; letters, digits, "." and "-".
        things: in the order in which they are put back.
        insist: whether RESTORE puts back what somebody else has changed since, too.
    """
    names = dict.fromkeys(["steps", *(name for thing in things for name in _TEXTS[thing.kind])])
    lines = [f"{thing.kind} {_escaped(thing.option)} {_escaped(thing.name)}" for thing in things]
    call = f"keeper {step} {point} {'insist' if insist else 'no'} <<'END'"
    return "\n".join([*map(TEXTS.__getitem__, names), call, *lines, "END", ""])


@cache
def keeper_digest() -> str:
    """Return sha256 over all the shell texts, 64 hex digits: an approval to put back is for these."""
    return hashlib.sha256("\0".join(TEXTS.values()).encode()).hexdigest()


def _escaped(text: str) -> str:
    """Return a text for `printf %b`, without blanks, so that it is one word of a line."""
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else f"\\0{byte:03o}" for byte in text.encode("utf-8", "surrogateescape")
    )
