"""The things that a change touches, and how much of it can be taken back."""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class ThingKind(StrEnum):
    """Kinds of state, in the order in which they are put back: what runs comes after what it reads."""

    PACKAGES = "packages"
    PYTHON = "python"
    MOVED = "moved"
    FILES = "files"
    RIGHTS = "rights"
    AGAIN = "again"
    CRONTAB = "crontab"
    SYSCTL = "sysctl"
    MODULE = "module"
    SELINUX = "selinux"
    HOSTNAME = "hostname"
    MOUNTS = "mounts"
    SWAP = "swap"
    CONNECTIONS = "connections"
    NETWORK = "network"
    QUEUE = "queue"
    OFFLOAD = "offload"
    FIREWALL = "firewall"
    ZONES = "zones"
    UNIT = "unit"
    CONTAINER = "container"
    PRIORITY = "priority"
    TREE = "tree"
    REGISTRY = "registry"
    TASK = "task"
    RULES = "rules"
    TIME_ZONE = "time zone"
    POWER_PLAN = "power plan"
    SERVICE = "service"


ON_WINDOWS = frozenset({
    ThingKind.TREE, ThingKind.REGISTRY, ThingKind.TASK, ThingKind.RULES, ThingKind.TIME_ZONE, ThingKind.POWER_PLAN,
    ThingKind.SERVICE,
})  # fmt: skip
"""Kinds that are kept and put back by PowerShell, all others by sh."""

_SHOWN = {"/": "{0} (or {1} in it)", "^": "{0} (the whole work tree)"}
_ORDER = {kind: place for place, kind in enumerate(ThingKind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thing:
    """One thing whose state is kept.

    Attributes:
        kind: what it is.
        name: a path, unit, key, account, module, link, process or "docker NAME"; of AGAIN what is done once files are
            as they were; of PACKAGES "rpm" for those of rpm; of PYTHON the words that start pip; "-" where there is
            only one on a host, and of SYSCTL for all keys.
        option: of FILES and RIGHTS the pattern of names in the path, "/NAME" for one in it if it is a folder, or
            "^NAME" for the nearest folder at or above the path that has it; of UNIT "restart" or "reload" when that
            has to be done again, and of AGAIN "reload"; of MOVED the name or pattern of what is moved from beside the
            path into it; of REGISTRY "=NAME" for one value of the key; "-" for none.
    """

    kind: ThingKind
    name: str = "-"
    option: str = "-"

    def __str__(self) -> str:
        """Return it in words: "files /etc/nginx/nginx.conf", "unit nginx"."""
        shown = self.name if self.name != "-" else ""
        if self.kind is ThingKind.MOVED:
            return f"{self.kind} {posixpath.dirname(shown).rstrip('/')}/{self.option}"
        if self.kind in (ThingKind.FILES, ThingKind.RIGHTS) and self.option != "-":
            shown = _SHOWN.get(self.option[0], "{0}/{1}").format(shown.rstrip("/"), self.option)
        if self.kind is ThingKind.REGISTRY and self.option != "-":
            shown = f"{shown}\\{self.option[1:]}"
        return f"{self.kind} {shown}".rstrip()


class Coverage(StrEnum):
    """How much of a change can be taken back, the best first."""

    NOTHING = "nothing to take back"
    EXACT = "exact"
    INVERSE = "inverse"
    PARTIAL = "partial"
    NONE = "cannot be undone"


@dataclass(frozen=True, slots=True, kw_only=True)
class WayBack:
    """How a change is taken back.

    Attributes:
        coverage: how much of it, by its worst part.
        things: what is kept before it, in the order in which it is put back.
        gaps: whole sentences about what is not taken back.
        own: texts of steps of a plan that take them back, in the order in which they would run.
        opposite: a command that does the opposite of what is not kept, for an operator to look at; "" for none known.
        become: the account that keeps, looks and puts back by sudo, "" for the one that logs in.
        whole: whether something is kept of every command in it; it follows from the text, and is in no digest.
    """

    coverage: Coverage
    things: tuple[Thing, ...] = ()
    gaps: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    opposite: str = ""
    become: str = ""
    whole: bool = True

    @property
    def leads_back(self) -> bool:
        """Whether there is anything that takes it back."""
        return bool(self.things or self.own)

    @property
    def on_windows(self) -> bool:
        """Whether it is kept on a Windows host, by PowerShell and not by `sh`."""
        return any(thing.kind in ON_WINDOWS for thing in self.things)

    def text(self) -> str:
        """Return the one text for it, of which an approval binds the digest: JSON in ASCII, keys sorted."""
        body: dict[str, object] = {
            "become": self.become, "coverage": self.coverage, "gaps": self.gaps,
            "things": [[thing.kind, thing.option, thing.name] for thing in self.things],
        }  # fmt: skip
        if self.own:
            body["own"] = self.own
        return json.dumps(body, sort_keys=True, separators=(",", ":"))

    def digest(self) -> str:
        """Return sha256 over `text`, 64 hex digits; "" when nothing takes it back."""
        return hashlib.sha256(self.text().encode()).hexdigest() if self.leads_back else ""


def in_order(things: Sequence[Thing]) -> tuple[Thing, ...]:
    """Return things in the order in which they are put back, each once.

    A unit that is restarted and reloaded is restarted, and one that is started anyway is named once.
    """
    units: dict[str, str] = {}
    others: dict[Thing, None] = {}
    for thing in things:
        if thing.kind is ThingKind.UNIT:
            units[thing.name] = min(units.get(thing.name, "z"), thing.option, key=_STRONGER.index)
        else:
            others[thing] = None
    found = [*others, *(Thing(kind=ThingKind.UNIT, name=name, option=option) for name, option in units.items())]
    return tuple(sorted(found, key=lambda thing: _ORDER[thing.kind]))


_STRONGER = ("restart", "reload", "-", "z")
