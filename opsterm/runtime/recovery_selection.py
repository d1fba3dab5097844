"""Use-case of putting back a part of a recovery point: a point of that part alone is made of what is kept here."""

from __future__ import annotations

import posixpath
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from opsterm.changes.recovery.point import PointPart, RecoveryPoint, leaves_of, manifest_of, parse_manifest
from opsterm.changes.recovery.selection import TreePart, select
from opsterm.core.errors import BadInput
from opsterm.core.text import clean_line
from opsterm.policy.way_back import Thing, ThingKind
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_recovery import RecoveryIntake, RecoveryStore
from opsterm.runtime.recovery import Recovery, taken_fact


class RecoverySelection:
    """Makes points of parts of points.

    Args:
        recovery: has the points.
        open_store: opens where they are kept.
        ledger: tells of new ones.
        pool: calls off the loop.
    """

    def __init__(
        self, recovery: Recovery, open_store: Callable[[], Awaitable[RecoveryStore]], ledger: Ledger, pool: Run
    ) -> None:
        self._recovery = recovery
        self._open_store = open_store
        self._ledger = ledger
        self._pool = pool

    async def part_of(self, point: RecoveryPoint, paths: Sequence[str]) -> RecoveryPoint:
        """Return a point that holds only some paths of another one, as they were then; nothing is copied for it.

        Args:
            point: taken by hand or by schedule.
            paths: absolute, each in one of its trees; what is below a folder comes with it.

        Raises:
            BadInput: a path is not in it, the folder above one is gone on the target, or it cannot be taken apart.
            OpstermError: as `RecoveryComparison.look`.
        """
        if point.on_target:
            raise BadInput(
                f"{point.name} is what {point.origin} touched, and goes back as a whole.",
                next_step=f"opsterm rollback {point.origin}",
            )
        wanted = _outermost(paths)
        things = tuple(Thing(kind=ThingKind.FILES, name=path) for path in wanted)
        for one in await self._recovery.points():
            if (one.origin, one.target, one.things) == (point.name, point.target, things):
                return one
        chosen = [await self._select(point, path) for path in wanted]
        await self._require_folders(point, things)
        async with (await self._open_store()).taking() as intake:
            parts = await self._pool(partial(_parts, intake, chosen))
            made = RecoveryPoint(
                target=point.target, taken_at=point.taken_at, label=f"part of {point.name}", origin=point.name,
                become=point.become, parts=parts, stored_bytes=intake.stored,
            )  # fmt: skip
            manifest = manifest_of(made)
            kept = parse_manifest(manifest, await self._pool(partial(intake.finish, manifest)))
        await self._ledger.record(self._ledger.fact(taken_fact(kept), correlation_id=kept.name))
        return kept

    async def _select(self, point: RecoveryPoint, path: str) -> TreePart:
        for part in point.parts:
            within = path == part.thing.name or path.startswith(f"{part.thing.name.rstrip('/')}/")
            if part.thing.kind is ThingKind.FILES and within:
                files = {name: await self._recovery.content(sha256) for name, sha256 in part.files}
                entries = await self._recovery.entries(part)
                return await self._pool(partial(select, path, entries, files))
        raise BadInput(
            f"{clean_line(path, limit=200)} is in no tree of {point.name}.",
            next_step=f"opsterm snapshot show {point.name}",
        )

    async def _require_folders(self, point: RecoveryPoint, things: tuple[Thing, ...]) -> None:
        """See that the folder above each path is there: one that is made anew would have other rights than it had."""
        for state in await self._recovery.comparison.look(point, things):
            if state.absent:
                raise BadInput(
                    f"On {point.target} the folder {clean_line(state.absent, limit=200)} is gone as well.",
                    next_step="Put that back: name it behind --only, with everything that was in it.",
                )


def _outermost(paths: Sequence[str]) -> tuple[str, ...]:
    """Return paths without those that are below another one."""
    if not paths:
        raise BadInput("Nothing is named that is to be put back.")
    plain: list[str] = []
    for path in sorted({posixpath.normpath(path) for path in paths}):
        if not path.startswith("/") or path == "/":
            raise BadInput(f"{clean_line(path, limit=200)!r} is no whole path.", next_step="Write it from / on.")
        if not any(path.startswith(f"{above}/") for above in plain):
            plain.append("/" + path.lstrip("/"))
    return tuple(plain)


def _parts(intake: RecoveryIntake, chosen: Sequence[TreePart]) -> tuple[PointPart, ...]:
    return tuple(
        PointPart(
            number=number, thing=Thing(kind=ThingKind.FILES, name=one.path),
            files=tuple((name, intake.add(one.files[name])) for name in sorted(one.files)),
            leaves=tuple(intake.add(leaf) for leaf in leaves_of(one.entries)), entries=len(one.entries),
            bytes=sum(entry.size for entry in one.entries if entry.kind == "file"),
        )
        for number, one in enumerate(chosen, 1)
    )  # fmt: skip
