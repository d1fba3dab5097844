"""Leaves checkpoints of the audit chain outside the database, at an interval and when asked, and says how that goes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass, replace

from opsterm.core.audit_settings import AuditSettings
from opsterm.core.clock import Clock
from opsterm.core.errors import BadInput, OpstermError, Refused
from opsterm.inventory.target import Protocol
from opsterm.policy.chain import Checkpoint, checkpoint_line
from opsterm.policy.mask import mask
from opsterm.runtime.events import AuditHeartbeat, CheckpointFailed, CheckpointMade
from opsterm.runtime.inventory import Inventory
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Connector
from opsterm.runtime.ports_audit import ChainHead, ChainStore, CheckpointPlaces
from opsterm.runtime.ports_store import Fence, PreferenceStore
from opsterm.runtime.remote_checkpoint import leave_remotely
from opsterm.runtime.supervisor import Heart

LOOK_EVERY_S = 15.0
"""How often the worker looks whether something is due: one SELECT of one row."""

RETRY_S = 60.0
"""Seconds until a place that did not take a checkpoint is tried again."""

STATES_KEY = "audit.checkpoints"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceState:
    """How it stands with one place.

    Attributes:
        place: as the setting has it.
        chain: id of the chain that it was last left a checkpoint of, "" for none.
        count: entries that the last one there tells of, 0 for none.
        at: epoch seconds when it was left, 0 for never.
        tried_at: epoch seconds of the last try, 0 for never.
        error: why the last try failed, masked, "" when it did not.
    """

    place: str
    chain: str = ""
    count: int = 0
    at: float = 0.0
    tried_at: float = 0.0
    error: str = ""


class Checkpoints:
    """Where they are left, and when.

    Args:
        origin: whose chain it is, as `Checkpoint.origin`.
        process: this process's name, for the heartbeat.
        open_places: makes what leaves lines in files and syslogs.
        connector: opens sessions on targets.
        read_only: nobody is logged in to.
    """

    def __init__(  # noqa: PLR0913 (what is left, where, by which way)
        self, chain: ChainStore, preferences: PreferenceStore, ledger: Ledger, clock: Clock, *,
        settings: AuditSettings, origin: str, process: str, inventory: Inventory, read_only: bool,
        open_places: Callable[[], Awaitable[CheckpointPlaces]], connector: Callable[[], Awaitable[Connector]],
    ) -> None:  # fmt: skip
        self._chain = chain
        self._preferences = preferences
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._origin = origin
        self._process = process
        self._inventory = inventory
        self._read_only = read_only
        self._open_places = open_places
        self._connector = connector

    @property
    def places(self) -> Sequence[str]:
        """Where checkpoints are left, as the setting has it."""
        return tuple(dict.fromkeys(self._settings.checkpoints.split()))

    async def states(self) -> Sequence[PlaceState]:
        """Return how it stands with each place of the settings."""
        kept = _states(await self._preferences.get(STATES_KEY) or "")
        return [kept.get(place) or PlaceState(place=place) for place in self.places]

    async def now(self) -> Sequence[PlaceState]:
        """Leave a checkpoint at every place; one that fails is data.

        Raises:
            BadInput: no place is set, or nothing was entered into the chain yet.
            StorageError: what came of it could not be kept.
        """
        if not self.places:
            raise BadInput(
                "No place is set where checkpoints are left.",
                next_step="As in: opsterm settings set audit.checkpoints 'syslog: ssh:log-01:/var/log/opsterm.log'",
            )
        head = await self._chain.head()
        if head is None:
            raise BadInput("There is nothing in the audit chain yet.")
        return await self._leave_all(head, await self.states())

    async def keep(self, heart: Heart, fence: Fence) -> None:
        """Leave checkpoints when they are due, and enter a heartbeat. Run under the lease."""
        del fence  # a checkpoint too many does no harm
        beat_at = self._clock.now()
        while True:
            heart.beat()
            now = self._clock.now()
            if self._settings.heartbeat_s and not 0 <= now - beat_at < self._settings.heartbeat_s:
                beat_at = now
                await self._ledger.record(self._ledger.fact(AuditHeartbeat(process=self._process), by="opsterm"))
            await self.leave_due()
            await asyncio.sleep(LOOK_EVERY_S)

    async def leave_due(self) -> None:
        """Leave a checkpoint at each place where one is due: for new entries, for time, or after a failure."""
        head = await self._chain.head() if self.places else None
        if head is None:
            return
        due = [state for state in await self.states() if self._is_due(state, head)]
        if due:
            await self._leave_all(head, due)

    def _is_due(self, state: PlaceState, head: ChainHead) -> bool:
        since = self._clock.now() - state.tried_at
        if state.error:
            return not 0 <= since < RETRY_S
        if state.chain != head.chain:
            return True
        fresh = head.count - state.count
        late = not 0 <= since < self._settings.checkpoint_s
        return fresh != 0 and (late or fresh >= self._settings.checkpoint_entries)

    async def _leave_all(self, head: ChainHead, before: Sequence[PlaceState]) -> Sequence[PlaceState]:
        at = Checkpoint(
            chain=head.chain, count=head.count, head=head.head, seq=head.seq, at=int(self._clock.now()),
            origin=self._origin,
        )  # fmt: skip
        made = await asyncio.gather(*(self._leave(state, at) for state in before))
        kept = _states(await self._preferences.get(STATES_KEY) or "")
        kept.update((state.place, state) for state in made)
        told = [asdict(kept[place]) for place in self.places if place in kept]
        await self._preferences.put(STATES_KEY, json.dumps(told, separators=(",", ":")))
        for old, new in zip(before, made, strict=True):
            if new.error and not old.error:
                failed = CheckpointFailed(place=new.place, why=new.error)
                await self._ledger.record(self._ledger.fact(failed, by="opsterm"))
            elif not new.error and (old.error or old.chain != new.chain):
                done = CheckpointMade(place=new.place, count=new.count)
                await self._ledger.record(self._ledger.fact(done, by="opsterm"))
        return made

    async def _leave(self, state: PlaceState, at: Checkpoint) -> PlaceState:
        now = self._clock.now()
        try:
            if state.place.startswith("ssh:"):
                await self._leave_on_target(state.place, at)
            else:
                await (await self._open_places()).leave(state.place, checkpoint_line(at))
        except OpstermError as error:
            why = mask(" ".join(f"{error.what} {error.why}".split()))[0]
            return replace(state, tried_at=now, error=why)
        return replace(state, chain=at.chain, count=at.count, at=now, tried_at=now, error="")

    async def _leave_on_target(self, place: str, at: Checkpoint) -> None:
        _, name, path = place.split(":", 2) if place.count(":") >= 2 else ("", "", "")
        if self._read_only:
            raise Refused(f"No checkpoint is left at {place}: nobody is logged in to in read-only mode.")
        target = await self._inventory.get(name)
        if target.protocol is not Protocol.SSH:
            raise BadInput(f"No checkpoint is left at {place}: {name} is not reached by SSH.")
        await leave_remotely(await self._connector(), self._inventory.order_target(target), path, at)


def _states(text: str) -> dict[str, PlaceState]:
    try:
        return {row["place"]: PlaceState(**row) for row in json.loads(text)}
    except (ValueError, TypeError, KeyError):
        return {}
