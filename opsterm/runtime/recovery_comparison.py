"""Use-cases that compare: two recovery points, or one and its target now, down to the lines of small text files."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from opsterm.changes.recovery.difference import Difference, differences_of
from opsterm.changes.recovery.point import PointEntry, PointPart, RecoveryPoint
from opsterm.changes.text_difference import difference_of
from opsterm.core.errors import BadInput, NotFound, StorageFull
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.secret_paths import has_secret_name
from opsterm.policy.way_back import Thing, ThingKind
from opsterm.runtime.capturing import Capturing, State
from opsterm.runtime.inventory import Inventory

LINES_BYTES = 1_000_000
"""Bytes of a file whose lines are compared."""

ASKED_BYTES = 8_000_000
"""Bytes of files that a target is asked for, for the sake of their lines."""


class AskedContents:
    """Contents that are only looked at; see `ports_recovery.ContentIntake`."""

    def __init__(self) -> None:
        self._contents: dict[str, bytes] = {}
        self._bytes = 0

    def add(self, data: bytes) -> str:
        """Keep a content in memory; return its sha256. Raises StorageFull."""
        self.require_room(len(data))
        self._bytes += len(data)
        sha256 = hashlib.sha256(data).hexdigest()
        self._contents[sha256] = data
        return sha256

    def require_room(self, size: int) -> None:
        """See that so many bytes more are within the limit. Raises StorageFull."""
        if self._bytes + size > 2 * ASKED_BYTES:
            raise StorageFull("The target sends more than it was asked for.")

    def read(self, blocks: Sequence[str]) -> bytes:
        """Return contents one behind another."""
        return b"".join(self._contents[block] for block in blocks)


class RecoveryComparison:
    """Compares.

    Args:
        entries: returns what is below a thing of files.
        content: returns a content of a point.
        inventory: targets.
        capturing: asks them.
        read_only: the setting changes.read_only: nobody is logged in to.
    """

    def __init__(
        self, entries: Callable[[PointPart], Awaitable[list[PointEntry]]], content: Callable[[str], Awaitable[bytes]],
        *, inventory: Inventory, capturing: Capturing, read_only: bool,
    ) -> None:  # fmt: skip
        self._entries = entries
        self._content = content
        self._inventory = inventory
        self._capturing = capturing
        self._read_only = read_only

    async def differences(
        self, before: RecoveryPoint, after: RecoveryPoint | None = None, *, lines: bool = False
    ) -> list[Difference]:
        """Return how things differ between two points, or between one and its target now.

        Args:
            before: the earlier one.
            after: the later one, None for the target now.
            lines: whether the lines of small text files are compared, too; of secrets only that they differ.

        Raises:
            BadInput: the two have no thing in common.
            NotFound: the target is no longer there, or a content cannot be read.
            OpstermError: as `Capturing.look`.
        """
        old = [await self._state(part) for part in before.parts]
        new = await self.look(before) if after is None else [await self._state(part) for part in after.parts]
        states = {state.thing: state for state in old}
        both = [(states[state.thing], state) for state in new if state.thing in states]
        if not both:
            raise BadInput(
                f"{before.name} and {after.name if after else 'the target'} have nothing in common.",
                next_step="Compare points of the same paths: opsterm snapshot list",
            )
        found = [
            one for was, now in both for one in differences_of(was.thing, was.text, now.text, was.entries, now.entries)
        ]
        return await self._with_lines(found, before, after, new) if lines else found

    async def look(self, point: RecoveryPoint, things: Sequence[Thing] = ()) -> Sequence[State]:
        """Return how the things of a point, or others, are on its target now; no content of a file is sent.

        Raises:
            NotFound: the target is no longer among the targets.
            OpstermError: as `Capturing.look`.
        """
        return await self._capturing.look(self._target(point), things or point.things, become=point.become)

    def _target(self, point: RecoveryPoint) -> OrderTarget:
        require_writable(read_only=self._read_only, what="asked of targets")
        target = self._inventory.target(point.target)
        if target is None:
            raise NotFound(
                f"{point.target} is no longer among the targets.", next_step="Add it again: opsterm targets add"
            )  # fmt: skip
        return self._inventory.order_target(target)

    async def _state(self, part: PointPart) -> State:
        entries = await self._entries(part) if part.thing.kind is ThingKind.FILES else ()
        return State(thing=part.thing, text=await self._content(part.file("before")), entries=tuple(entries))

    async def _with_lines(
        self, found: Sequence[Difference], before: RecoveryPoint, after: RecoveryPoint | None, new: Sequence[State]
    ) -> list[Difference]:
        """Return differences with the lines of files in it."""
        was = {entry.path: entry for part in before.parts for entry in await self._entries(part)}
        now = {entry.path: entry for state in new for entry in state.entries}
        pairs = {
            one.path: (was[one.path], now[one.path])
            for one in found
            if one.path in was and one.path in now and was[one.path].sha256 != now[one.path].sha256
        }
        said = {path: why for path, pair in pairs.items() if (why := why_not_shown(path, *pair))}
        wanted = {path: pair for path, pair in pairs.items() if path not in said}
        later = await self._contents_now(before, wanted, new) if after is None else {}
        for path, (old, entry) in wanted.items():
            there = await self._joined(was, old)
            if after is None and path not in later:
                said[path] = ("too much differs to be shown line by line, or it changed meanwhile",)
            else:
                said[path] = lines_between(there, later[path] if after is None else await self._joined(now, entry))
        return [replace(one, lines=said[one.path]) if one.path in said else one for one in found]

    async def _joined(self, entries: Mapping[str, PointEntry], entry: PointEntry) -> bytes:
        """Return the content of an entry; of names that share a file only one has it."""
        blocks = entry.blocks or next((e.blocks for e in entries.values() if e.sha256 == entry.sha256 and e.blocks), ())
        return b"".join([await self._content(block) for block in blocks])

    async def _contents_now(
        self, point: RecoveryPoint, wanted: Mapping[str, tuple[PointEntry, PointEntry]], new: Sequence[State]
    ) -> dict[str, bytes]:
        """Return the contents of files on the target as it was looked at, as far as they are within the limits."""
        places: dict[int, list[int]] = {}
        room = ASKED_BYTES
        for number, state in enumerate(new, 1):
            for at, entry in enumerate(state.entries):
                if entry.path in wanted and entry.size <= room:
                    room -= entry.size
                    places.setdefault(number, []).append(at)
        if not places:
            return {}
        kept = AskedContents()
        target, become = self._target(point), point.become
        arrived = await self._capturing.ask_for(kept, target, point.things, become=become, places=places)
        by_hash = {one.sha256: one.blocks for one in arrived if one.sha256}
        return {
            path: kept.read(by_hash[now.sha256]) for path, (_, now) in wanted.items() if now.sha256 in by_hash
        }  # fmt: skip


def why_not_shown(path: str, was: PointEntry, now: PointEntry) -> tuple[str, ...]:
    """Return why the lines of a file are not shown, () when they are."""
    if was.kind != "file" or now.kind != "file":
        return ()
    if has_secret_name(path):
        return ("what is in it is a secret and is not shown",)
    if max(was.size, now.size) > LINES_BYTES:
        return ("it is too large to be shown line by line",)
    return ()


def lines_between(was: bytes, now: bytes) -> tuple[str, ...]:
    """Return the unified difference of two texts without secrets, or a sentence about what cannot be shown."""
    old, new = (_masked(text) for text in (was, now))
    if old == new:
        return ("only secrets in it differ",)
    said, lines = difference_of(new, old)
    return lines or (said,)


def _masked(data: bytes) -> bytes:
    try:
        return mask(data.decode())[0].encode()
    except UnicodeDecodeError:
        return data
