"""What somebody wants a recovery point of, as things."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Sequence

from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.way_back import Thing, ThingKind, in_order

STATES = ("accounts", "crontab", "firewall", "hostname", "network", "packages", "sysctl")
"""Words of `--also`; crontab takes an account behind `=`, sysctl a key."""

_ACCOUNT_FILES = (
    "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/subuid", "/etc/subgid", "/etc/sudoers",
    "/etc/sudoers.d",
)  # fmt: skip
_UNIT = re.compile(r"[A-Za-z0-9@][A-Za-z0-9:_.@\\-]{0,200}")
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./@-]{0,200}")
_NO_PLACES = ("/", "/proc", "/sys", "/dev", "/run", "/usr", "/var", "/home")
_NAMED = ("crontab", "sysctl")
_TYPE = re.compile(r".*\.(?:service|socket|timer|path|mount|automount|swap|target|slice|scope)")


def things_of(paths: Sequence[str], units: Sequence[str] = (), states: Sequence[str] = ()) -> tuple[Thing, ...]:
    """Return what is to be kept, in the order in which it would be put back.

    Args:
        paths: absolute, of files and trees.
        units: of systemd; what runs, and the files that the operator has of them.
        states: words of STATES, some with a name: "sysctl=vm.swappiness".

    Raises:
        BadInput: nothing is named, or something that cannot be kept.
    """
    things = [Thing(kind=ThingKind.FILES, name=_place(path)) for path in paths]
    for unit in units:
        things += _unit(unit)
    for state in states:
        things += _state(state)
    if not things:
        raise BadInput(
            "Nothing is named that a recovery point should be of.",
            next_step="Name files or trees, units or other state: opsterm snapshot take --on web-01 /etc/nginx "
            "--unit nginx --also firewall",
        )
    return in_order(things)


def _place(path: str) -> str:
    shown = clean_line(path, limit=200)
    if not path.startswith("/") or "\0" in path or len(path) > 4000 or ".." in path.split("/"):
        raise BadInput(f"{shown!r} is no whole path.", next_step="Write it from / on, without `..`.")
    place = "/" + posixpath.normpath(path).lstrip("/")
    if place in _NO_PLACES or place.startswith(("/proc/", "/sys/", "/dev/")):
        raise BadInput(f"{shown} is too much to be kept, or not kept by files.", next_step="Name what of it is meant.")
    return place


def _unit(unit: str) -> list[Thing]:
    if not _UNIT.fullmatch(unit):
        raise BadInput(f"{clean_line(unit, limit=80)!r} is not the name of a unit.", next_step="As in nginx.")
    name = unit if _TYPE.fullmatch(unit) else f"{unit}.service"
    own = f"/etc/systemd/system/{name}"
    return [
        Thing(kind=ThingKind.FILES, name=own), Thing(kind=ThingKind.FILES, name=f"{own}.d"),
        Thing(kind=ThingKind.UNIT, name=name, option="restart"),
    ]  # fmt: skip


def _state(state: str) -> list[Thing]:
    word, sign, name = state.partition("=")
    if word not in STATES or (sign and word not in _NAMED) or (word == "sysctl" and not name):
        raise BadInput(
            f"{clean_line(state, limit=80)!r} is no state that can be kept.",
            next_step=f"One of {', '.join(STATES)}; as in crontab=ana, sysctl=vm.swappiness.",
        )
    if name and not _NAME.fullmatch(name):
        raise BadInput(f"{clean_line(name, limit=80)!r} is not the name of one.")
    if word == "accounts":
        return [Thing(kind=ThingKind.FILES, name=path) for path in _ACCOUNT_FILES]
    return [Thing(kind=ThingKind(word), name=name or "-")]
