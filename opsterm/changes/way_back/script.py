"""The texts that keep and put back, made of the shell texts in `keeper/`."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Final

from opsterm.changes.way_back.keeper import TEXTS
from opsterm.changes.way_back.windows.script import WINDOWS_TEXTS, powershell_text
from opsterm.changes.way_back.words import OF_GUARD, KeeperStep
from opsterm.policy.way_back import ON_WINDOWS, Thing, ThingKind

_TEXTS: Final = {
    ThingKind.PACKAGES: ("packages",), ThingKind.FILES: ("files",), ThingKind.MOVED: ("files", "moved"),
    ThingKind.RIGHTS: ("files", "rights"),
    ThingKind.CRONTAB: ("settings",), ThingKind.SYSCTL: ("settings",), ThingKind.MODULE: ("settings",),
    ThingKind.HOSTNAME: ("settings",), ThingKind.NETWORK: ("network",), ThingKind.FIREWALL: ("firewall",),
    ThingKind.UNIT: ("unit",), ThingKind.CONTAINER: ("container",), ThingKind.ZONES: ("zones",),
    ThingKind.PYTHON: ("python",), ThingKind.QUEUE: ("link",), ThingKind.OFFLOAD: ("link",),
    ThingKind.CONNECTIONS: ("link",),
    **dict.fromkeys(
        (ThingKind.MOUNTS, ThingKind.SWAP, ThingKind.PRIORITY, ThingKind.SELINUX, ThingKind.AGAIN), ("system",)
    ),
}  # fmt: skip


_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/._@:+=,-~")


def keeper_text(
    step: KeeperStep, point: str, things: Sequence[Thing], *, insist: bool = False, seconds: int = 0
) -> str:  # fmt: skip
    """Return the text that does a step: for `sh`, or for PowerShell when the things are those of Windows.

    Args:
        step: which.
        point: name of the recovery point; letters, digits, "." and "-".
        things: in the order in which they are put back.
        insist: whether RESTORE puts back what somebody else has changed since, too.
        seconds: of ARM and EXTEND: how long from now the target waits before it takes back by itself.
    """
    if any(thing.kind in ON_WINDOWS for thing in things):
        return powershell_text(step, point, things, insist=insist, seconds=seconds)
    if step not in (*OF_GUARD, KeeperStep.ARM):
        return "\n".join([*_texts(things), _call(step, point, "insist" if insist else "no", things), ""])
    texts = [*_texts(things), TEXTS["guard"]]
    if step is KeeperStep.ARM:
        fire = [*texts, _call("fire", point, '"${1:-wait}"', things)]
        texts += ["stored() {\n    cat <<'STORED'", *fire, "STORED\n}"]
    return "\n".join([*texts, _call(step, point, str(seconds), things), ""])


def send_text(things: Sequence[Thing], wanted: Mapping[int, str]) -> str:
    """Return the text for `sh` that sends the state of things; see `keeper.send`.

    Args:
        things: in their order.
        wanted: by number, lines of sed for the entries of a thing of files whose content is sent.
    """
    cases = [f"{number}) echo '{lines}' ;;" for number, lines in wanted.items()]
    chosen = "\n".join(["wanted() {", "case $1 in", *cases, "esac", "}"])
    return "\n".join([*_texts(things), TEXTS["send"], chosen, _with_things("sender", things), ""])


def send_copy_text(point: str, *, contents: bool) -> str:
    """Return the text for `sh` that sends a point of a change as it lies on the target.

    Args:
        point: its name.
        contents: whether its archives are sent, too.
    """
    chosen = f"wanted() {{ echo {'all' if contents else ''}; }}"
    return "\n".join([TEXTS["steps"], TEXTS["send"], chosen, f"of_point {point}", ""])


def things_text(things: Sequence[Thing]) -> str:
    """Return what stands in the file `things` of a recovery point: a line for each, with its number."""
    lines = (f"{thing.kind} {_escaped(thing.option)} {_escaped(thing.name)}" for thing in things)
    return "".join(f"{number} {line}\n" for number, line in enumerate(lines, 1))


def receive_text(point: str, things: Sequence[Thing], *, insist: bool) -> str:
    """Return the text for `sh` that takes a point in from its input, unless it is there, and puts back what it holds.

    Args:
        point: its name.
        things: what it is about.
        insist: as of `keeper_text`.
    """
    restore = _call(KeeperStep.RESTORE, point, "insist" if insist else "no", things)
    return "\n".join([*_texts(things), TEXTS["send"], f"receive {point} || exit", restore, ""])


def _texts(things: Sequence[Thing]) -> list[str]:
    names = dict.fromkeys(["steps", *(name for thing in things for name in _TEXTS[thing.kind])])
    return [TEXTS[name] for name in names]


def _call(step: str, point: str, option: str, things: Sequence[Thing]) -> str:
    return _with_things(f"keeper {step} {point} {option}", things)


def _with_things(call: str, things: Sequence[Thing]) -> str:
    lines = [f"{thing.kind} {_escaped(thing.option)} {_escaped(thing.name)}" for thing in things]
    return "\n".join([f"{call} <<'END'", *lines, "END"])


@cache
def keeper_digest() -> str:
    """Return sha256 over all the shell texts, 64 hex digits: an approval to put back is for these."""
    return hashlib.sha256("\0".join([*TEXTS.values(), *WINDOWS_TEXTS]).encode()).hexdigest()


def _escaped(text: str) -> str:
    """Return a text for `printf %b`, without blanks, so that it is one word of a line."""
    return "".join(
        chr(byte) if chr(byte) in _PLAIN else f"\\0{byte:03o}" for byte in text.encode("utf-8", "surrogateescape")
    )
