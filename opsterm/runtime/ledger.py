"""Facts are made, committed and told here, each exactly once and in the order of the journal.

Several processes write one journal. A process tells its listeners every fact, its own and the others', in the
order of `seq`: its own at once when nothing is missing in between, otherwise after reading the gap.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from opsterm.core.clock import Clock
from opsterm.core.events import Event, Fact
from opsterm.core.hub import Hub
from opsterm.runtime.ports_store import JournalStore
from opsterm.runtime.supervisor import Heart

LOOK_EVERY_S = 0.25
"""How often other processes' commits are looked for; the promise is that all see a fact within a second."""

READ_BATCH = 1000


class Ledger:
    """Makes facts, commits them, and tells them in order.

    Attributes:
        hub: where this process's listeners are.
        clock: what facts are stamped with.
        last: `seq` of the newest fact told.
    """

    def __init__(self, journal: JournalStore, hub: Hub, clock: Clock, *, by: str) -> None:
        self.hub = hub
        self.clock = clock
        self.last = 0
        self._journal = journal
        self._by = by
        self._early: dict[int, Sequence[Fact]] = {}
        self._gap = asyncio.Event()
        self._elsewhere: list[Callable[[], None]] = []

    async def open(self) -> None:
        """Begin at the journal's end: what happened earlier is read from the stores, not told again."""
        await self._journal.changed_elsewhere()  # first: what is committed from here on is looked for
        self.last = await self._journal.last_seq()
        self.hub.last_seq = self.last
        self.hub.replay = self._journal.after

    def fact(self, event: Event, *, by: str = "", correlation_id: str = "", cause: Fact | None = None) -> Fact:
        """Put who, when and why around an event.

        Args:
            event: the body.
            by: the account or part of opsterm; the operator of this process when "".
            correlation_id: what it belongs to; taken from `cause` when "".
            cause: the fact that led to it.
        """
        return Fact(
            event=event,
            at=self.clock.now(),
            by=by or self._by,
            correlation_id=correlation_id or (cause.correlation_id if cause else ""),
            causation_id=cause.id if cause else "",
        )

    async def record(self, *facts: Fact) -> Sequence[Fact]:
        """Commit facts and tell them; returns them with their `seq` once they are durable."""
        committed = await self._journal.append(facts)
        self.committed(committed)
        return committed

    def tell(self, event: Event, *, by: str = "", correlation_id: str = "") -> None:
        """Tell what is not journaled: samples, streamed output."""
        self.hub.tell(self.fact(event, by=by, correlation_id=correlation_id))

    def committed(self, facts: Sequence[Fact]) -> None:
        """Tell facts that a store has just committed; out of turn they wait until the gap is read."""
        if not facts or facts[-1].seq <= self.last:
            return
        self._early[facts[0].seq] = facts
        self._tell_what_is_next()
        if self._early:
            self._gap.set()

    def _tell_what_is_next(self) -> None:
        while self._early:
            first = min(self._early)
            if first > self.last + 1:
                return
            facts = [fact for fact in self._early.pop(first) if fact.seq > self.last]
            if facts:
                self.hub.tell_all(facts)
                self.last = facts[-1].seq

    def on_elsewhere(self, call: Callable[[], None]) -> None:
        """Call `call` whenever another process has written something, journaled or not."""
        self._elsewhere.append(call)

    async def follow(self, heart: Heart) -> None:
        """Read what other processes commit, for ever. Run by the supervisor.

        Begins with what came while nobody followed: before the start, or while it waited to be started again.
        """
        await self.catch_up()
        while True:
            heart.beat()
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._gap.wait()
            except TimeoutError:
                if not await self._journal.changed_elsewhere():
                    continue
                for call in self._elsewhere:
                    call()
            self._gap.clear()
            await self.catch_up()

    async def catch_up(self) -> None:
        """Read and tell everything the journal holds beyond `last`."""
        while True:
            facts = await self._journal.after(self.last, READ_BATCH)
            fresh = [fact for fact in facts if fact.seq > self.last]
            if fresh:
                self.hub.tell_all(fresh)
                self.last = fresh[-1].seq
            self._tell_what_is_next()
            if len(facts) < READ_BATCH:
                return
