"""The hub: one voice, many ears, and a slow ear holds up nobody.

Telling is synchronous and costs well under a microsecond per ear: facts are gathered until the loop's next turn
and handed to every ear as one list. Each ear has a bound. Past it, what may be shed (samples) is dropped and
counted; what is journaled is not dropped but left in the journal, and the ear reads it from there, in order,
once it has caught up. So memory stays bounded and no fact is lost, however slow the listener.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from types import TracebackType

from opsterm.core.events import Event, Fact

Replay = Callable[[int, int], Awaitable[Sequence[Fact]]]
"""`replay(after_seq, limit)` returns journaled facts in order; the hub's way back to what an ear left unread."""

REPLAY_BATCH = 1000


class Ear:
    """One listener's queue. Made by `Hub.listen`; iterate `batches()` or await `batch()`.

    Attributes:
        name: who listens, for `opsterm doctor`.
        shed: how many sheddable events this ear has missed so far.
    """

    def __init__(self, hub: Hub, name: str, kinds: tuple[type[Event], ...], limit: int) -> None:
        self.name = name
        self.shed = 0
        self._hub = hub
        self._kinds = kinds
        self._limit = limit
        self._waiting: list[Fact] = []
        self._unread_after: int | None = None  # seq after which facts must be read from the journal
        self._last_to_read: int | None = None  # seq of the newest fact told before the ear was closed
        self._wake: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def backlog(self) -> int:
        """Facts that wait in memory."""
        return len(self._waiting)

    @property
    def has_facts(self) -> bool:
        """Whether `batch` would return without waiting for something to happen."""
        return bool(self._waiting) or self._unread_after is not None

    def _take(self, facts: Sequence[Fact]) -> None:
        if self._kinds:
            kinds = self._kinds
            facts = [fact for fact in facts if isinstance(fact.event, kinds)]
            if not facts:
                return
        room = self._limit - len(self._waiting)
        if len(facts) <= room and self._unread_after is None:
            self._waiting.extend(facts)
        else:
            self._take_what_fits(facts)
        wake = self._wake
        if wake is not None and not wake.done():
            wake.set_result(None)

    def _take_what_fits(self, facts: Sequence[Fact]) -> None:
        for fact in facts:
            replayable = fact.seq > 0 and self._hub.replay is not None
            full = len(self._waiting) >= self._limit
            if replayable and (full or self._unread_after is not None):
                if self._unread_after is None:
                    self._unread_after = fact.seq - 1
            elif full and fact.event.may_be_shed:
                self.shed += 1
            else:
                self._waiting.append(fact)

    async def batch(self) -> Sequence[Fact]:
        """Wait for facts and return all that are there, in order; empty only when the ear was closed."""
        while True:
            if self._waiting:
                ready, self._waiting = self._waiting, []
                return ready
            if self._unread_after is not None:
                ready = await self._read_on()
                if ready:
                    return ready
                continue
            if self._closed:
                return ()
            self._wake = asyncio.get_running_loop().create_future()
            try:
                await self._wake
            finally:
                self._wake = None

    async def _read_on(self) -> list[Fact]:
        """Read what did not fit from the journal, up to what the hub has told by now.

        The journal may be ahead of the hub: what is told later is taken then, and must not be read here as well.
        """
        if self._unread_after is None or self._hub.replay is None:
            return []
        told_before = self._last_told
        facts = await self._hub.replay(self._unread_after, REPLAY_BATCH)
        told = self._last_told  # more may have been told while we read, and was left to us
        if facts:
            self._unread_after = facts[-1].seq
        if (facts and facts[-1].seq >= told) or (len(facts) < REPLAY_BATCH and told == told_before):
            self._unread_after = None
        return [f for f in facts if f.seq <= told and (not self._kinds or isinstance(f.event, self._kinds))]

    @property
    def _last_told(self) -> int:
        return self._hub.last_seq if self._last_to_read is None else self._last_to_read

    async def batches(self, *, pause_s: float = 0.0) -> AsyncIterator[Sequence[Fact]]:
        """Yield batches until the ear is closed, at most one every `pause_s` seconds."""
        while facts := await self.batch():
            yield facts
            if pause_s:
                await asyncio.sleep(pause_s)

    def close(self) -> None:
        """Stop listening; a waiting `batch` returns what is left, then nothing."""
        if self._closed:
            return
        self._closed = True
        self._last_to_read = self._hub.last_seq
        self._hub.forget(self)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def __enter__(self) -> Ear:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Hub:
    """Tells facts to every ear of this process. Use it from the loop's own thread only.

    Attributes:
        replay: how an ear that fell behind reads the journal; None in tests without one.
        last_seq: the highest journal place told so far.
    """

    def __init__(self, replay: Replay | None = None) -> None:
        self.replay = replay
        self.last_seq = 0
        self._ears: list[Ear] = []
        self._pending: list[Fact] = []

    def tell(self, fact: Fact) -> None:
        """Hand one fact to every ear at the loop's next turn."""
        if not self._pending:
            asyncio.get_running_loop().call_soon(self._deliver)
        self._pending.append(fact)

    def tell_all(self, facts: Sequence[Fact]) -> None:
        """Hand several facts, in order, to every ear at the loop's next turn."""
        if facts:
            if not self._pending:
                asyncio.get_running_loop().call_soon(self._deliver)
            self._pending.extend(facts)

    def _deliver(self) -> None:
        facts, self._pending = self._pending, []
        for fact in reversed(facts):
            if fact.seq:
                self.last_seq = max(self.last_seq, fact.seq)
                break
        for ear in self._ears:
            ear._take(facts)  # noqa: SLF001 (an ear is half of the hub)

    def listen(self, name: str, *kinds: type[Event], limit: int = 10_000) -> Ear:
        """Open an ear for `kinds` (all when none is named) that holds at most `limit` facts in memory."""
        ear = Ear(self, name, kinds, limit)
        self._ears.append(ear)
        return ear

    def forget(self, ear: Ear) -> None:
        """Stop telling `ear`; harmless when it is already gone."""
        if ear in self._ears:
            self._ears.remove(ear)

    @property
    def ears(self) -> Sequence[Ear]:
        """All open ears."""
        return tuple(self._ears)
