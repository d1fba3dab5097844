"""Copies on this host of what changes touch, and what is put back from here.

The executor hands its own sessions to it: nothing here opens one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from opsterm.changes.change import Change
from opsterm.changes.plan_steps import UNITS
from opsterm.changes.recovery.capture import CaptureScript
from opsterm.changes.recovery.events import RecoveryPointFailed, RecoveryPointTaken
from opsterm.changes.recovery.point import PointEntry, PointPart, RecoveryPoint, leaves_of, manifest_of, parse_manifest
from opsterm.changes.way_back.prepared import point_of, stored_for
from opsterm.changes.way_back.script import keeper_digest
from opsterm.core.clock import Clock
from opsterm.core.errors import NotApproved, OpstermError
from opsterm.policy.mask import mask
from opsterm.policy.order import PLAN, RESTORE, OrderTarget, RunAs
from opsterm.policy.restoring import Restoring, Stored
from opsterm.policy.way_back import Thing, ThingKind, WayBack
from opsterm.runtime.capture_stream import Arrived, CaptureStream
from opsterm.runtime.capturing import Pieces, hear
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_recovery import RecoveryIntake, RecoveryStore
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.recovery_parcel import parcel_of

RunScript = Callable[[str, RunAs], Pieces]
"""Runs a text of `sh` in a session of the executor."""

_TYPES = {"1": 0o100000, "2": 0o120000, "3": 0o020000, "4": 0o060000, "5": 0o040000, "6": 0o010000}
"""Letters of tar for what is no file of its own -> the bits of stat for it."""


class RecoveryCopies:
    """Copies points of changes here, and sends points to targets that are to be put back.

    Args:
        open_store: opens where points are kept.
        ledger: tells of them.
        clock: says when.
        pool: calls off the loop.
        limit_mb: megabytes that a copy may have; 0: none is made.
    """

    def __init__(
        self, open_store: Callable[[], Awaitable[RecoveryStore]], ledger: Ledger, clock: Clock, pool: Run, *,
        limit_mb: int,
    ) -> None:  # fmt: skip
        self._open_store = open_store
        self._ledger = ledger
        self._clock = clock
        self._pool = pool
        self._limit_mb = limit_mb
        self._begun: dict[tuple[int, str, int], RecoveryPoint] = {}

    async def copy(
        self, run: RunScript, change: Change, way: WayBack, target: OrderTarget, *, number: int = 0
    ) -> None:  # fmt: skip
        """Copy what was kept on a target before a change, or before that step of it.

        What goes wrong is told and stops nothing: the point on the target is what the way back rests on.
        """
        if not self._limit_mb:
            return
        try:
            point = await self._taken(run, change, way, target, number)
        except OpstermError as error:
            told = RecoveryPointFailed(target=target.name, origin=change.name, why=mask(f"{error.what} {error.why}")[0])
            await self._ledger.record(self._ledger.fact(told, correlation_id=change.name))
            return
        if number == UNITS:  # noted after every step, so that it stays until the next plan there
            self._begun = {key: value for key, value in self._begun.items() if key[1:] != (target.name, UNITS)}
        self._begun[change.id, target.name, number] = point
        await self._ledger.record(
            self._ledger.fact(
                RecoveryPointTaken(
                    point=point.number, target=point.target, things=tuple(mask(str(one))[0] for one in point.things),
                    origin=point.origin, label="", digest=point.digest, sent_bytes=point.sent_bytes,
                    stored_bytes=point.stored_bytes,
                ),
                correlation_id=change.name,
            )
        )  # fmt: skip

    async def copy_after(self, run: RunScript, change: Change, target: OrderTarget, *, number: int = 0) -> None:
        """Add to a copy how the change left things, so that a rollback from here tells others' changes apart, too.

        Raises:
            OpstermError: it cannot be added; the copy is as it was.
        """
        key = (change.id, target.name, number)
        point = self._begun.get(key) if number == UNITS else self._begun.pop(key, None)
        if point is None:
            return
        script = CaptureScript(copies=point.on_target, contents=False, become=point.become)
        async with (await self._open_store()).taking() as intake:
            stream = CaptureStream(None)
            await hear(run(script.script, script.how), stream, self._pool)
            stream.require_whole(target.name)
            parts = await self._pool(partial(_with_after, intake, point.parts, stream))
            manifest = manifest_of(replace(point, parts=parts))
            await self._pool(partial(intake.finish, manifest, replaces=point.number))

    async def _taken(
        self, run: RunScript, change: Change, way: WayBack, target: OrderTarget, number: int
    ) -> RecoveryPoint:  # fmt: skip
        began, name = self._clock.monotonic(), point_of(change, number)
        script = CaptureScript(copies=name, become=way.become)
        async with (await self._open_store()).taking() as intake:
            stream = CaptureStream(intake, all_comes=True, limit_kb=self._limit_mb * 1000)
            await hear(run(script.script, script.how), stream, self._pool)
            stream.require_whole(target.name)
            parts = await self._pool(partial(_parts, intake, way.things, stream))
            point = RecoveryPoint(
                target=target.name, taken_at=self._clock.now(), origin=change.name, become=way.become, on_target=name,
                parts=parts, sent_bytes=stream.received, stored_bytes=intake.stored,
                took_s=self._clock.monotonic() - began,
            )  # fmt: skip
            manifest = manifest_of(point)
            return parse_manifest(manifest, await self._pool(partial(intake.finish, manifest)))

    async def stored_of(self, change: Change, targets: Sequence[str]) -> Mapping[int, Sequence[Stored]]:
        """Return the copies here of what a change touched on some targets, by the step of a plan, else under 0.

        There are none when they cannot be looked up.
        """
        try:
            points = await self._points()
        except OpstermError:
            return {}
        steps = {point_of(change, number): number for number in range(UNITS + 1 if change.order.shell == PLAN else 1)}
        found = {(steps[point.on_target], point.target): point for point in points if point.on_target in steps}
        copies: dict[int, list[Stored]] = {}
        for (number, target), point in sorted(found.items()):
            if target in targets:
                copies.setdefault(number, []).append(Stored(target=target, point=point.name, digest=point.digest))
        return copies

    def parcel(self, command: str, target: str) -> AsyncIterator[bytes] | None:
        """Return what is sent to a target for a command of the shell RESTORE, None when that is nothing."""
        stored = stored_for(command, target)
        return None if stored is None else self._sent(stored)

    async def _sent(self, stored: Stored) -> AsyncIterator[bytes]:
        points = {point.name: point for point in await self._points()}
        point = points.get(stored.point)
        if point is None or point.digest != stored.digest:
            raise NotApproved(
                f"{stored.point} is not the recovery point that was approved, or is no longer there.",
                next_step="Propose it again.",
            )
        store = await self._open_store()
        async for piece in parcel_of(point, store.read, self._pool):
            yield piece

    async def _points(self) -> list[RecoveryPoint]:
        manifests = await (await self._open_store()).manifests()
        return [parse_manifest(text, number) for number, text in manifests.items()]


def restore_proposal(point: RecoveryPoint, *, reason: str, origin: str) -> Proposal:
    """Return what puts a point back on its target; what is there now is kept beforehand, as for any change.

    Args:
        point: which.
        reason: why, "" when not said.
        origin: "screen" or "command line".
    """
    stored = Stored(target=point.target, point=point.name, digest=point.digest)
    restoring = Restoring(
        change=0, point=point.point_name, keeper=keeper_digest(), insist=True, things=point.things, stored=(stored,)
    )  # fmt: skip
    return Proposal(
        command=restoring.text(), selector=point.target, shell=RESTORE, how=RunAs(become=point.become), origin=origin,
        reason=reason or f"puts back {point.name}",
    )  # fmt: skip


def _parts(intake: RecoveryIntake, things: Sequence[Thing], stream: CaptureStream) -> tuple[PointPart, ...]:
    parts = []
    for number, thing in enumerate(things, 1):
        entries = [_entry(one) for one in stream.arrived.get(number, ())]
        files = stream.files.get(number, {})
        is_files = thing.kind is ThingKind.FILES
        parts.append(
            PointPart(
                number=number, thing=thing,
                files=tuple((name, intake.add(files[name])) for name in sorted(files)),
                leaves=tuple(intake.add(leaf) for leaf in leaves_of(entries)) if is_files else (),
                entries=len(entries), bytes=sum(entry.size for entry in entries),
            )
        )  # fmt: skip
    return tuple(parts)


def _with_after(intake: RecoveryIntake, parts: Sequence[PointPart], stream: CaptureStream) -> tuple[PointPart, ...]:
    return tuple(
        replace(part, files=tuple({**dict(part.files), "after": intake.add(after)}.items()))
        if (after := stream.files.get(part.number, {}).get("after")) is not None
        else part
        for part in parts
    )


def _entry(arrived: Arrived) -> PointEntry:
    """Return an entry by what its archive alone says of it."""
    member = arrived.member
    return PointEntry(
        path=arrived.path, mode=_TYPES.get(member.kind, 0o100000) | member.mode, user=member.user, group=member.group,
        changed_at=member.changed_at, size=member.size, sha256=arrived.sha256,
        link=member.link.decode("utf-8", "surrogateescape") if member.kind == "2" else "", head=member.head,
        blocks=arrived.blocks, size_sent=member.size,
    )  # fmt: skip
