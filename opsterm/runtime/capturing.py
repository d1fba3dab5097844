"""Takes the state of things on a target, as often as it needs until what came is what the target says there is."""

from __future__ import annotations

import asyncio
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial

from opsterm.changes.recovery.capture import ALL, CaptureScript
from opsterm.changes.recovery.listing import entries_of, ranges_of, to_send
from opsterm.changes.recovery.point import PointEntry, PointPart, leaves_of, parse_leaf
from opsterm.core.errors import Refused, TimedOut
from opsterm.core.text import clean_line
from opsterm.policy.order import OrderTarget
from opsterm.policy.way_back import Thing, ThingKind
from opsterm.runtime.capture_stream import Arrived, CaptureStream
from opsterm.runtime.offload import Run
from opsterm.runtime.ports import Connector, Ended
from opsterm.runtime.ports_recovery import ContentIntake, RecoveryIntake
from opsterm.runtime.remote_capture import capture_on

LIMIT_S = 3600.0
"""Seconds that one answer of a target may take."""

TRIES = 4
PIECE = 1 << 20

Pieces = AsyncIterator[bytes | Ended]


async def hear(pieces: Pieces, stream: CaptureStream, pool: Run) -> None:
    """Take all that a target sends into a stream, off the loop.

    Raises:
        TimedOut: it took longer than LIMIT_S.
        OpstermError: as the pieces, and `CaptureStream.take`.
    """
    waiting = bytearray()
    try:
        async with asyncio.timeout(LIMIT_S), aclosing(pieces) as told:  # type: ignore[type-var]  # an async generator
            async for piece in told:
                if isinstance(piece, Ended):
                    break
                waiting += piece
                if len(waiting) >= PIECE:
                    data, waiting = bytes(waiting), bytearray()
                    await pool(partial(stream.take, data))
            await pool(partial(stream.take, bytes(waiting)))
    except TimeoutError as error:
        raise TimedOut(
            f"The target has been sending for more than {LIMIT_S / 60:g} m and was stopped.", next_step="Name less."
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """How a thing is on the target now, without contents.

    Attributes:
        thing: which.
        text: the keeper's state of it, equal when it is.
        entries: what is below it, of things of files.
        absent: the highest folder above it that is not there, "" when all are.
    """

    thing: Thing
    text: bytes
    entries: tuple[PointEntry, ...]
    absent: str = ""


class Capturing:
    """Asks targets for the state of things.

    Args:
        connector: opens sessions.
        pool: calls off the loop.
    """

    def __init__(self, connector: Callable[[], Awaitable[Connector]], pool: Run) -> None:
        self._connector = connector
        self._pool = pool

    async def look(self, target: OrderTarget, things: Sequence[Thing], *, become: str) -> tuple[State, ...]:
        """Return how things are now; no content of a file is sent.

        Raises:
            Refused: the target could not say.
            OpstermError: as `Connector.session`.
        """
        stream = await self._ask(CaptureStream(None), target, CaptureScript(things=tuple(things), become=become))
        return tuple(
            State(
                thing=thing, text=stream.files.get(number, {}).get("before", b""),
                entries=tuple(entries_of(stream.files[number]) if thing.kind is ThingKind.FILES else ()),
                absent=_absent(thing, stream.files.get(number, {})),
            )
            for number, thing in enumerate(things, 1)
        )  # fmt: skip

    async def take(
        self, intake: RecoveryIntake, target: OrderTarget, things: Sequence[Thing], *, become: str,
        earlier: Mapping[int, Sequence[str]],
    ) -> tuple[tuple[PointPart, ...], int]:  # fmt: skip
        """Keep how things are now.

        Args:
            intake: keeps it.
            target: where.
            things: what.
            become: the account that sudo becomes there, "" for the one that logs in.
            earlier: the leaves of an earlier point of the same things, by number; what it has is not sent again.

        Returns:
            The parts, and the bytes that came over the line.

        Raises:
            Refused: the target could not say or send it, or it changes all the time.
            OpstermError: as `Connector.session`; StorageFull, StorageError.
        """
        have = {number: await self._pool(partial(_known, intake, leaves)) for number, leaves in earlier.items()}
        files = [number for number, thing in enumerate(things, 1) if thing.kind is ThingKind.FILES]
        wanted = {number: ALL for number in files if not have.get(number)}
        sent, changing = 0, [""]
        for _ in range(TRIES):
            stream = await self._ask(
                CaptureStream(intake, all_comes=ALL in wanted.values()), target,
                CaptureScript(things=tuple(things), wanted=wanted, become=become),
            )  # fmt: skip
            sent += stream.received
            listed = {number: entries_of(stream.files.get(number, {})) for number in files}
            for number in files:
                have.setdefault(number, {}).update(_with_content(listed[number], stream.arrived.get(number, ())))
            missing = {number: to_send(listed[number], have[number]) for number in files}
            wanted = {number: ranges_of(places) for number, places in missing.items() if places}
            if not wanted:
                return await self._pool(partial(_parts, intake, things, stream.files, listed, have)), sent
            left = [listed[number][at] for number, places in missing.items() for at in places]
            await self._pool(partial(intake.require_room, sum(entry.size for entry in left)))
            changing = [clean_line(entry.path, limit=120) for entry in left[:3]]
        raise Refused(
            f"The state of {target.name} was not taken: it changes while it is read.",
            why=", ".join(changing), next_step="Leave that out, or stop what writes there.",
        )  # fmt: skip

    async def ask_for(
        self, intake: ContentIntake, target: OrderTarget, things: Sequence[Thing], *, become: str,
        places: Mapping[int, Sequence[int]],
    ) -> Sequence[Arrived]:  # fmt: skip
        """Return what came of some entries; their contents are in the intake.

        Args:
            intake: takes them in.
            target: where.
            things: what was looked at.
            become: as of `look`.
            places: of the entries among those that `look` returned, from 0 on, by the number of the thing.

        Raises:
            Refused: the target could not send them.
            OpstermError: as `Connector.session`, and what the intake raises.
        """
        wanted = {number: ranges_of(entries) for number, entries in places.items()}
        capture = CaptureScript(things=tuple(things), wanted=wanted, become=become)
        stream = await self._ask(CaptureStream(intake), target, capture)
        return [one for arrived in stream.arrived.values() for one in arrived]

    async def _ask(self, stream: CaptureStream, target: OrderTarget, capture: CaptureScript) -> CaptureStream:
        await hear(capture_on(await self._connector(), target, capture), stream, self._pool)
        stream.require_whole(target.name)
        return stream


def _absent(thing: Thing, files: Mapping[str, bytes]) -> str:
    roots = files.get("roots", b"").split(b"\0")[:-1]
    root = roots[0].decode("utf-8", "surrogateescape") if len(roots) == 1 else thing.name
    return root if thing.kind is ThingKind.FILES and thing.name.startswith(f"{root}/") else ""


def _known(intake: RecoveryIntake, leaves: Sequence[str]) -> dict[str, PointEntry]:
    """Return the entries of an earlier point of which every block is still kept."""
    if not all(intake.has(leaf) for leaf in leaves):
        return {}
    entries = [entry for leaf in leaves for entry in parse_leaf(intake.read(leaf))]
    return {entry.path: entry for entry in entries if all(intake.has(block) for block in entry.blocks)}


def _with_content(listed: Sequence[PointEntry], arrived: Sequence[Arrived]) -> dict[str, PointEntry]:
    """Return the entries whose content came and is what the target says it is."""
    by_path = {entry.path: entry for entry in listed}
    found = {}
    for one in arrived:
        entry = by_path.get(one.path)
        if entry is None or (one.sha256 and not one.member.sparse and one.sha256 != entry.sha256):
            continue  # it changed between the two looks: it is asked for again
        found[one.path] = replace(entry, head=one.member.head, blocks=one.blocks, size_sent=one.member.size)
    return found


def _parts(
    intake: RecoveryIntake, things: Sequence[Thing], arrived: Mapping[int, Mapping[str, bytes]],
    listed: Mapping[int, Sequence[PointEntry]], have: Mapping[int, Mapping[str, PointEntry]],
) -> tuple[PointPart, ...]:  # fmt: skip
    """Keep what is written down about the things."""
    parts = []
    for number, thing in enumerate(things, 1):
        entries = [have[number].get(entry.path, entry) for entry in listed.get(number, ())]
        files = arrived.get(number, {})
        parts.append(
            PointPart(
                number=number, thing=thing,
                files=tuple((name, intake.add(files[name])) for name in sorted(files) if name not in _NOT_KEPT),
                leaves=tuple(intake.add(leaf) for leaf in leaves_of(entries)), entries=len(entries),
                bytes=sum(entry.size for entry in entries if stat.S_ISREG(entry.mode)),
            )
        )  # fmt: skip
    return tuple(parts)


_NOT_KEPT = ("listing", "size")
"""What the leaves say as well."""
