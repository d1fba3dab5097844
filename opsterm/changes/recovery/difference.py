"""How the same things differ at two times, told by what a person can check: paths, rights, owners, contents, lines."""

from __future__ import annotations

import difflib
import stat
from collections.abc import Sequence
from dataclasses import dataclass

from opsterm.changes.recovery.point import PointEntry
from opsterm.core.units import bytes_text
from opsterm.policy.mask import mask
from opsterm.policy.way_back import Thing, ThingKind

STATE_LINES = 200
"""Lines of a difference between two states; more are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as it was.

    Attributes:
        thing: which thing it belongs to, in words.
        path: of a file, folder or link; "" for other state.
        what: "new", "gone" or "changed", seen from the earlier time.
        how: in what, a few words each.
        lines: lines that went ("-") and came ("+"), without secrets.
    """

    thing: str
    path: str = ""
    what: str
    how: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()


def differences_of(
    thing: Thing, before: bytes, after: bytes, entries_before: Sequence[PointEntry], entries_after: Sequence[PointEntry]
) -> list[Difference]:
    """Return how a thing differs, by path.

    Args:
        thing: which.
        before: its state at the earlier time, as the keeper writes it.
        after: at the later.
        entries_before: what was below it then, of a thing of files.
        entries_after: what is below it later.
    """
    if before == after and thing.kind is not ThingKind.FILES:
        return []
    if thing.kind is not ThingKind.FILES:
        return [Difference(thing=str(thing), what="changed", lines=_lines(before, after))]
    found = _of_entries(str(thing), entries_before, entries_after)
    if not found and before and after and before != after:
        how = ("access list, attributes or flags",)
        found.append(
            Difference(thing=str(thing), path=thing.name, what="changed", how=how, lines=_lines(before, after))
        )
    return found


def _of_entries(thing: str, before: Sequence[PointEntry], after: Sequence[PointEntry]) -> list[Difference]:
    was, now = {entry.path: entry for entry in before}, {entry.path: entry for entry in after}
    found = []
    for path in sorted(was.keys() | now.keys()):
        old, new = was.get(path), now.get(path)
        if old is None and new is not None:
            found.append(Difference(thing=thing, path=path, what="new", how=(_shown(new),)))
        elif new is None and old is not None:
            found.append(Difference(thing=thing, path=path, what="gone", how=(_shown(old),)))
        elif old is not None and new is not None and (how := _how(old, new)):
            found.append(Difference(thing=thing, path=path, what="changed", how=how))
    return found


def _shown(entry: PointEntry) -> str:
    return f"{entry.kind}, {bytes_text(entry.size)}" if entry.kind == "file" else entry.kind


def _how(old: PointEntry, new: PointEntry) -> tuple[str, ...]:
    if old.kind != new.kind:
        return (f"{old.kind} → {new.kind}",)
    how = []
    if (old.sha256, old.link) != (new.sha256, new.link):
        sizes = f" ({bytes_text(old.size)} → {bytes_text(new.size)})" if old.size != new.size else ""
        how.append(f"content{sizes}" if old.kind == "file" else f"points to {new.link}, before to {old.link}")
    if stat.S_IMODE(old.mode) != stat.S_IMODE(new.mode) and old.kind != "link":
        how.append(f"mode {stat.S_IMODE(old.mode):04o} → {stat.S_IMODE(new.mode):04o}")
    if (old.user, old.group) != (new.user, new.group):
        how.append(f"owner {old.user}:{old.group} → {new.user}:{new.group}")
    if not how and old.changed_at != new.changed_at and old.kind != "link":
        how.append("time")
    return tuple(how)


def _lines(before: bytes, after: bytes) -> tuple[str, ...]:
    old, new = (mask(text.decode("utf-8", "backslashreplace"))[0].splitlines() for text in (before, after))
    found = [line for line in difflib.unified_diff(old, new, lineterm="", n=0) if line[:2] not in ("--", "++", "@@")]
    return tuple(found[:STATE_LINES]) or ("only secrets in it differ",)
