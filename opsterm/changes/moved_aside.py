"""Folders into which changes have moved what they would have deleted, as the changes themselves say it."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from opsterm.changes.change import Change
from opsterm.changes.way_back.call import ASIDE
from opsterm.changes.way_back.prepared import way_back_of
from opsterm.policy.way_back import ThingKind

MARK = ".removed-"
"""What the command of such a change holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedAside:
    """A folder on a target that holds what a change removed.

    Attributes:
        target: name of the target.
        path: of the folder; "./" before one in the folder where a session begins.
        become: the account that has it, by sudo; "" for the one that logs in.
        change: number of the change.
        at: epoch seconds when that ran there.
    """

    target: str
    path: str
    become: str
    change: int
    at: float


def moved_aside_by(changes: Iterable[Change]) -> list[MovedAside]:
    """Return the folders that changes have made on targets on which they ran, the oldest first."""
    found = []
    for change in changes:
        if MARK not in change.order.command:
            continue
        way = way_back_of(change.order)
        paths = dict.fromkeys(thing.name for thing in way.things if thing.kind is ThingKind.MOVED)
        found += [
            MovedAside(
                target=outcome.target, path=path if path.startswith("/") else f"./{path.removeprefix('./')}",
                become=way.become, change=change.id, at=outcome.started_at,
            )
            for outcome in change.outcomes
            if outcome.started_at
            for path in paths
            if ASIDE.fullmatch(posixpath.basename(path))
        ]  # fmt: skip
    return sorted(found, key=lambda one: (one.at, one.target, one.path))


def discarding(found: Sequence[MovedAside]) -> list[tuple[str, str, tuple[str, ...]]]:
    """Return commands that throw folders away, each with the account that becomes it and its targets."""
    targets: dict[tuple[str, str], list[str]] = {}
    for one in found:
        targets.setdefault((one.path, one.become), []).append(one.target)
    folders: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for (path, become), names in targets.items():
        folders.setdefault((become, tuple(sorted(set(names)))), []).append(path)
    return [(f"rm -rf -- {shlex.join(paths)}", become, names) for (become, names), paths in folders.items()]
