"""An answer on its way, and the limit that ends it: by the operator's key, or by the clock."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from typing import TypeVar

from opsterm.assistant.turn import TurnEvent

T = TypeVar("T")


class OutOfTime(Exception):
    """What was waited for took longer than the turn may, or the operator stopped it."""


class TurnLimit:
    """How long a turn may last.

    Attributes:
        stopped: whether the operator ended it.
    """

    def __init__(self) -> None:
        self.stopped = False
        self._ends_at: float | None = None
        self._scope: asyncio.Timeout | None = None

    def begin(self, seconds: float) -> None:
        """Let it end in so many seconds."""
        self._ends_at = asyncio.get_running_loop().time() + seconds

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return self.stopped or (self._ends_at is not None and asyncio.get_running_loop().time() >= self._ends_at)

    def stop(self) -> None:
        """End it now, whatever is waited for."""
        self.stopped = True
        if self._scope is not None:
            self._scope.reschedule(asyncio.get_running_loop().time())

    async def within(self, work: Awaitable[T]) -> T:
        """Wait for something, as long as the turn lasts. Raises OutOfTime."""
        if self.is_over:
            if asyncio.iscoroutine(work):
                work.close()
            raise OutOfTime
        try:
            async with asyncio.timeout_at(self._ends_at) as self._scope:
                return await work
        except TimeoutError:
            if self.is_over:
                raise OutOfTime from None
            raise
        finally:
            self._scope = None


class ModelTurn:
    """What happens while one sentence is answered: iterate over it; the last event is an `Ended`.

    A break of the iteration needs `aclose`, which cuts the model's line at once.
    """

    def __init__(self, events: AsyncGenerator[TurnEvent, None], limit: TurnLimit) -> None:
        self._events = events
        self._limit = limit

    def stop(self) -> None:
        """End it within 100 ms: the last event comes, with what was said so far."""
        self._limit.stop()

    def __aiter__(self) -> ModelTurn:
        return self

    async def __anext__(self) -> TurnEvent:
        return await anext(self._events)

    async def aclose(self) -> None:
        """Break it off, without its last event."""
        await self._events.aclose()
