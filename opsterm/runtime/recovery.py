"""Use-cases of recovery points on this host: take, look, look over, throw away; what compares is beside it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from opsterm.changes.recovery.events import RecoveryPointsPruned, RecoveryPointTaken
from opsterm.changes.recovery.point import PointEntry, PointPart, RecoveryPoint, manifest_of, parse_leaf, parse_manifest
from opsterm.changes.recovery.retention import PointRetention, kept_because
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, NotFound, OpstermError
from opsterm.core.recovery_settings import RecoverySettings
from opsterm.policy.approval import require_writable
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.way_back import Thing
from opsterm.runtime.baselines import Baselines
from opsterm.runtime.capturing import Capturing
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.offload import Run
from opsterm.runtime.ports_recovery import RecoveryRoom, RecoveryStore
from opsterm.runtime.recovery_comparison import RecoveryComparison

LABEL_LENGTH = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeWish:
    """What is to be taken.

    Attributes:
        selector: which targets.
        things: what of them.
        label: the operator's word for it, "".
        become: the account that sudo becomes there, "" for the one that logs in.
        origin: who asks for it: as `RecoveryPoint.origin`.
    """

    selector: str
    things: tuple[Thing, ...]
    label: str = ""
    become: str = ""
    origin: str = "by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What came of one target.

    Attributes:
        target: its name.
        point: the point, None when there is none.
        error: why there is none.
    """

    target: str
    point: RecoveryPoint | None = None
    error: OpstermError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedPoint:
    """What looking a point over has brought: `faults` are whole sentences, none when it is whole."""

    name: str
    faults: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pruned:
    """What was thrown away, or would be.

    Attributes:
        gone: the points that go.
        kept: the others, by number, and why.
        freed_bytes: bytes that became free; 0 for a dry run.
    """

    gone: tuple[RecoveryPoint, ...]
    kept: dict[int, str]
    freed_bytes: int = 0


class Recovery:
    """Recovery points on this host.

    Args:
        open_store: opens where they are kept.
        capturing: asks targets.
        baselines: which of them say how a target should be; an attribute, too, like `comparison`.
        pool: calls off the loop.
        parallel: targets that are asked at the same time.
        read_only: the setting changes.read_only: nobody is logged in to.
    """

    def __init__(
        self, open_store: Callable[[], Awaitable[RecoveryStore]], ledger: Ledger, clock: Clock, *,
        settings: RecoverySettings, inventory: Inventory, capturing: Capturing, baselines: Baselines, pool: Run,
        parallel: int, read_only: bool,
    ) -> None:  # fmt: skip
        self._open_store = open_store
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._inventory = inventory
        self._capturing = capturing
        self.baselines = baselines
        self.comparison = RecoveryComparison(
            self.entries, self.content, inventory=inventory, capturing=capturing, read_only=read_only
        )
        self._pool = pool
        self._parallel = parallel
        self._read_only = read_only

    async def take(self, wish: TakeWish) -> Sequence[Taken]:
        """Take a point of each target that is chosen, side by side; what fails on one ends no other.

        Raises:
            BadInput: no target matches.
            Refused: read-only mode.
            VaultLocked: the key is locked away.
        """
        require_writable(read_only=self._read_only, what="taken from targets")
        rows = await self._inventory.resolve(wish.selector)
        await self._open_store()
        earlier = await self.points()
        turns = asyncio.Semaphore(self._parallel)
        label = mask(wish.label[:LABEL_LENGTH])[0]

        async def one(target: OrderTarget) -> Taken:
            async with turns:
                try:
                    return Taken(
                        target=target.name, point=await self._take(target, replace(wish, label=label), earlier)
                    )
                except OpstermError as error:
                    return Taken(target=target.name, error=error)

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(self._inventory.order_target(row.target))) for row in rows]
        return [task.result() for task in tasks]

    async def _take(self, target: OrderTarget, wish: TakeWish, earlier: Sequence[RecoveryPoint]) -> RecoveryPoint:
        began = self._clock.monotonic()
        like = [p for p in earlier if p.target == target.name and p.things == wish.things and not p.on_target]
        leaves = {part.number: part.leaves for part in like[0].parts if part.leaves} if like else {}
        async with (await self._open_store()).taking() as intake:
            parts, sent = await self._capturing.take(
                intake, target, wish.things, become=wish.become, earlier=leaves
            )  # fmt: skip
            point = RecoveryPoint(
                target=target.name, taken_at=self._clock.now(), label=wish.label, origin=wish.origin,
                become=wish.become, parts=parts, sent_bytes=sent, stored_bytes=intake.stored,
                took_s=self._clock.monotonic() - began,
            )  # fmt: skip
            manifest = manifest_of(point)
            number = await self._pool(partial(intake.finish, manifest))
        kept = parse_manifest(manifest, number)
        await self._ledger.record(self._ledger.fact(taken_fact(kept), correlation_id=kept.name))
        return kept

    async def points(self, selector: str = "") -> Sequence[RecoveryPoint]:
        """Return the points, newest first; all, or those of targets that a selector chooses.

        Raises:
            BadInput: no target matches.
            StorageError: they cannot be read.
        """
        names = {row.target.name for row in await self._inventory.resolve(selector)} if selector else None
        found = [
            parse_manifest(text, number) for number, text in (await (await self._open_store()).manifests()).items()
        ]
        return sorted(
            (point for point in found if names is None or point.target in names),
            key=lambda point: (-point.taken_at, -point.number),
        )

    async def point(self, name: str) -> RecoveryPoint:
        """Return the point with a name, as in "r3". Raises BadInput, NotFound, StorageError."""
        number = point_number(name)
        text = (await (await self._open_store()).manifests()).get(number)
        if text is None:
            raise NotFound(f"There is no recovery point r{number}.", next_step="`opsterm snapshot list` lists them.")
        return parse_manifest(text, number)

    async def entries(self, part: PointPart) -> list[PointEntry]:
        """Return what is below a thing of files. Raises NotFound, StorageError."""
        store = await self._open_store()
        return [entry for leaf in part.leaves for entry in parse_leaf(await store.read(leaf))]

    async def content(self, sha256: str) -> bytes:
        """Return a content of a point, b"" for none. Raises NotFound, StorageError."""
        return await (await self._open_store()).read(sha256) if sha256 else b""

    async def verify(self, names: Sequence[str] = ()) -> Sequence[CheckedPoint]:
        """Read all that points are made of and hash it again; all, or those with some names.

        Raises:
            BadInput, NotFound: there is no such point.
            StorageError: nothing can be read.
        """
        store = await self._open_store()
        points = [await self.point(name) for name in names] or await self.points()
        needs = {point.name: await self._contents(point) for point in points}
        faults = await store.faults({sha256 for contents, _ in needs.values() for sha256 in contents})
        checked = [
            CheckedPoint(
                name=name, faults=tuple(dict.fromkeys([*missing, *(faults[one] for one in contents if one in faults)]))
            )
            for name, (contents, missing) in needs.items()
        ]
        return [*checked, *([CheckedPoint(name="store", faults=(faults[""],))] if "" in faults else [])]

    async def _contents(self, point: RecoveryPoint) -> tuple[set[str], list[str]]:
        """Return the sha256 of all that a point is made of, and what is known to be missing already."""
        found = {sha256 for part in point.parts for _, sha256 in part.files}
        missing = []
        for part in point.parts:
            found |= set(part.leaves)
            try:
                found |= {block for entry in await self.entries(part) for block in entry.blocks}
            except OpstermError as error:
                missing.append(error.what)
        return found, missing

    async def plan_prune(self, policy: PointRetention | None = None, names: Sequence[str] = ()) -> Pruned:
        """Return which points would go: those with some names, or else those that no rule keeps.

        Raises:
            BadInput: one that is named is a baseline.
            NotFound: there is no such point.
        """
        points = await self.points()
        baselines = await self.baselines.numbers()
        if names:
            gone = [await self.point(name) for name in names]
            if bound := [point.name for point in gone if point.number in baselines]:
                next_step = f"Take that away first: opsterm snapshot baseline {bound[0]} --off"
                raise BadInput(f"{bound[0]} is a baseline.", next_step=next_step)
            kept = {point.number: "not named" for point in points if point not in gone}
        else:
            kept = kept_because(points, policy or self.retention, baselines=baselines, now=self._clock.now())
            gone = [point for point in points if point.number not in kept]
        return Pruned(gone=tuple(gone), kept=kept)

    async def prune(self, plan: Pruned) -> Pruned:
        """Throw away what a plan says, with every content that only they needed.

        Raises:
            Refused: a point is being taken now, or read-only mode.
            StorageError: it cannot be done; what stays has lost nothing.
        """
        require_writable(read_only=self._read_only, what="thrown away")
        stay = [point for point in await self.points() if point not in plan.gone]
        needed: set[str] = set()
        for point in stay:
            contents, _ = await self._contents(point)
            needed |= contents
        store, gone = await self._open_store(), [point.number for point in plan.gone]
        freed = await store.prune(gone, stay=[point.number for point in stay], keep=needed)
        if plan.gone or freed:
            names = tuple(point.name for point in plan.gone)
            await self._ledger.record(self._ledger.fact(RecoveryPointsPruned(points=names, freed_bytes=freed)))
        return replace(plan, freed_bytes=freed)

    async def room(self) -> RecoveryRoom:
        """Return how much room the points take on this host. Raises VaultLocked, StorageError."""
        return await (await self._open_store()).room()

    @property
    def retention(self) -> PointRetention:
        """How many are kept, as the settings say."""
        s = self._settings
        return PointRetention(
            last=s.keep_last, daily=s.keep_daily, weekly=s.keep_weekly, monthly=s.keep_monthly,
            changes_d=s.keep_changes_d,
        )  # fmt: skip


def taken_fact(point: RecoveryPoint) -> RecoveryPointTaken:
    """Return what is told of a point that was taken."""
    return RecoveryPointTaken(
        point=point.number, target=point.target, things=tuple(mask(str(thing))[0] for thing in point.things),
        origin=point.origin, label=point.label, digest=point.digest, sent_bytes=point.sent_bytes,
        stored_bytes=point.stored_bytes,
    )  # fmt: skip


def point_number(text: str) -> int:
    """Return 3 for "r3" or "3". Raises BadInput."""
    number = text.strip().lower().removeprefix("r")
    if not (number.isascii() and number.isdigit()) or len(number) > 12 or int(number) == 0:
        raise BadInput(f"{text[:40]!r} is not the name of a recovery point.", next_step="Write it as in r3.")
    return int(number)
