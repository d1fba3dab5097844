"""Asks one target what becomes of a guarded change, over connections of their own, and tells what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass

from opsterm.changes.change import Change
from opsterm.changes.events import ChangeGuarded
from opsterm.changes.guard import OPEN, GuardAnswer, GuardState, answer_from
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import OpstermError, StorageError, TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.way_back import WayBack
from opsterm.runtime.keeping import Keeping, RunText
from opsterm.runtime.ledger import Ledger

LOG_IN_S = 15.0
"""Seconds that a fresh log-in may take, and then each step over it."""

AFTER_S = 30.0
"""Seconds after the deadline during which a target is asked what became of it."""

ASK_EVERY_S = 1.0
_SAME_S = 2.0
"""A deadline that has moved by less is the same one: it is measured over a line."""

Afresh = Callable[[], AbstractAsyncContextManager[RunText]]

Judge = Callable[[RunText], Awaitable[KeeperStep]]
"""Looks over a fresh log-in at what was changed; returns what is to become of it, STATUS to wait for a person."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """A guarded change on one of its targets.

    Attributes:
        change: with its guard in its terms.
        way: its way back.
        target: where.
        afresh: logs in there over a connection of its own.
    """

    change: Change
    way: WayBack
    target: OrderTarget
    afresh: Afresh


class GuardWatch:
    """Does steps about a guard that is armed.

    Args:
        keeping: runs them on the target.
        ledger: hears what the target says; of what is asked again and again only what is new.
        guarded: the change and the target.

    Attributes:
        trouble: why the last log-in before it was decided failed, "" when it did not.
    """

    def __init__(self, keeping: Keeping, ledger: Ledger, guarded: Guarded) -> None:
        self.trouble = ""
        self._keeping = keeping
        self._ledger = ledger
        self._guarded = guarded
        self._log_in = ""
        self._last: ChangeGuarded | None = None

    async def armed(self, seconds: int) -> None:
        """Tell that it is armed: from now on something may be changed."""
        await self._record(self._event(KeeperStep.ARM, GuardAnswer(state=GuardState.ARMED, left_s=seconds)))

    async def ask(self, step: KeeperStep, *, seconds: int = 0) -> GuardAnswer:
        """Log in afresh and do one step.

        Args:
            step: one of OF_GUARD.
            seconds: of EXTEND: how long from now.

        Raises:
            Unreachable: the fresh log-in failed.
            TimedOut: it took longer than LOG_IN_S.
        """
        async with self._logged_in(step) as (limit, run):
            return await self._step(limit, run, step, seconds)

    async def disarm(self) -> None:
        """Have a target forget the guard of what was never begun there; where that fails it ends at its deadline."""
        with suppress(OpstermError):
            async with asyncio.timeout(LOG_IN_S), self._guarded.afresh() as run:
                await self._keeping.step(run, KeeperStep.REVERT, self._guarded.change, self._guarded.way)
                await self._keeping.leave(run, self._guarded.change, self._guarded.way)
                await self._record(self._event(KeeperStep.REVERT, GuardAnswer(state=GuardState.NONE)))

    async def until_decided(self, step: KeeperStep, *, left_s: float, judge: Judge | None = None) -> GuardAnswer:
        """Do a step again and again until the target has decided; over another connection when one breaks.

        Args:
            step: STATUS, CONFIRM or REVERT; each may be repeated.
            left_s: seconds until the target takes it back, as far as is known.
            judge: looks at it over the first log-in that holds until then, and says the step that follows.

        Raises:
            Unreachable: it has not said what became of it AFTER_S after its deadline.
        """
        loop = asyncio.get_running_loop()
        due = loop.time() + left_s
        while loop.time() < due + AFTER_S:
            try:
                async with self._logged_in(step) as (limit, run):
                    if judge is not None:
                        answer = await self._step(limit, run, KeeperStep.STATUS)
                        if answer.state not in OPEN:
                            return answer
                        limit.reschedule(None)
                        step, judge = await judge(run), None
                    while (answer := await self._step(limit, run, step)).state in OPEN:
                        due = max(due, loop.time() + answer.left_s)
                        limit.reschedule(None)
                        await asyncio.sleep(ASK_EVERY_S)
                    return answer
            except OpstermError:
                await asyncio.sleep(ASK_EVERY_S)
        raise Unreachable(f"{self._guarded.target.name} does not say what became of it.", why=self.trouble)

    @asynccontextmanager
    async def _logged_in(self, step: KeeperStep) -> AsyncIterator[tuple[asyncio.Timeout, RunText]]:
        """Log in afresh; what fails there is told, and raised."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        try:
            try:
                async with asyncio.timeout(LOG_IN_S) as limit, self._guarded.afresh() as run:
                    self._log_in = f"worked after {loop.time() - began:.1f} s"
                    yield limit, run
            except TimeoutError as error:
                raise TimedOut(f"{self._guarded.target.name} has not answered within {LOG_IN_S:g} s.") from error
        except OpstermError as error:
            self.trouble = mask(clean_line(error.what))[0]
            self._log_in = f"failed: {self.trouble}"
            await self._tell(step, GuardAnswer(state=GuardState.UNKNOWN))
            raise

    async def _step(
        self, limit: asyncio.Timeout, run: RunText, step: KeeperStep, seconds: int = 0
    ) -> GuardAnswer:  # fmt: skip
        limit.reschedule(asyncio.get_running_loop().time() + LOG_IN_S)
        _, told = await self._keeping.step(run, step, self._guarded.change, self._guarded.way, seconds=seconds)
        answer = answer_from(told)
        if answer.state in (GuardState.PENDING, GuardState.CONFIRMED):
            self.trouble = ""
        await self._tell(step, answer)
        if answer.state not in OPEN:
            await self._keeping.leave(run, self._guarded.change, self._guarded.way)
        return answer

    async def _tell(self, step: KeeperStep, answer: GuardAnswer) -> None:
        event = self._event(step, answer)
        if self._last is None or _differs(event, self._last):
            self._last = event
            with suppress(StorageError):  # the target holds the truth, and is asked again
                await self._record(event)

    async def _record(self, event: ChangeGuarded) -> None:
        await self._ledger.record(self._ledger.fact(event, correlation_id=self._guarded.change.name))

    def _event(self, step: KeeperStep, answer: GuardAnswer) -> ChangeGuarded:
        due = self._ledger.clock.now() + answer.left_s if answer.left_s else 0.0
        return ChangeGuarded(
            change=self._guarded.change.id, target=self._guarded.target.name, step=step, state=answer.state,
            due_at=round(due, 1), log_in=self._log_in, said=answer.said,
        )  # fmt: skip


def _differs(one: ChangeGuarded, other: ChangeGuarded) -> bool:
    """Return whether another thing is told; how long a log-in took is none."""
    ways = [told.log_in.partition(" ")[0] if told.log_in.startswith("worked") else told.log_in for told in (one, other)]
    return (one.state, ways[0]) != (other.state, ways[1]) or abs(one.due_at - other.due_at) > _SAME_S
