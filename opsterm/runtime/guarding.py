"""The confirmed change: the target takes it back by itself unless a fresh log-in confirms it in time.

Arm, see that it is armed, change, log in afresh over a new connection, confirm over that one. What is not confirmed is
not taken back from here: the target does that, and is asked afterwards what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager

from opsterm.changes.change import Change
from opsterm.changes.way_back.script import KeeperStep
from opsterm.core.errors import OpstermError, Refused, TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget
from opsterm.policy.way_back import WayBack
from opsterm.runtime.keeping import Keeping, RunText
from opsterm.runtime.ports import Ended

LOG_IN_S = 15.0
"""Seconds that a fresh log-in may take, confirmation included."""

AFTER_S = 30.0
"""Seconds after the deadline during which a target is asked what became of it."""

ASK_EVERY_S = 1.0

Afresh = Callable[[], AbstractAsyncContextManager[RunText]]

Changing = Callable[[], Awaitable[Ended]]


class Guarding:
    """Runs changes that their targets take back by themselves unless they are confirmed.

    Args:
        keeping: runs the steps on a target.
    """

    def __init__(self, keeping: Keeping) -> None:
        self._keeping = keeping

    async def run(
        self, run: RunText, changing: Changing, afresh: Afresh, change: Change, way: WayBack, target: OrderTarget
    ) -> Ended:
        """Arm, change and confirm.

        Args:
            run: runs a text in the session in which the change is made.
            changing: makes the change.
            afresh: logs in over a connection of its own.
            change: the change, with its deadline in its terms.
            way: its way back.
            target: where.

        Raises:
            Refused: it could not be armed, and nothing was changed; or the target has taken it back.
            Unreachable: what became of it is not known.
        """
        terms = change.order.terms
        seconds = terms.confirm_s if terms is not None else 0
        await self._arm(run, change, way, seconds)
        due = asyncio.get_running_loop().time() + seconds
        try:
            async with asyncio.timeout(seconds):  # a line that was cut may not say so for long
                ended = await changing()
        except TimeoutError:
            return await self._after(afresh, change, way, target, due, "its end was not seen in time")
        except OpstermError as error:
            return await self._after(afresh, change, way, target, due, error.what)
        if ended.exit_status != 0:
            why = f"it ended with {ended.signal or ended.exit_status}"
            return await self._after(afresh, change, way, target, due, why)
        try:
            state, _ = await self._afresh(afresh, KeeperStep.CONFIRM, change, way, target)
        except OpstermError as error:
            return await self._after(afresh, change, way, target, due, f"the fresh log-in failed: {error.what}")
        if state != "confirmed":
            return await self._after(afresh, change, way, target, due, "it was confirmed too late")
        return ended

    async def _arm(self, run: RunText, change: Change, way: WayBack, seconds: int) -> None:
        status, told = await self._keeping.step(run, KeeperStep.ARM, change, way, seconds=seconds)
        if status != 0 or not any(fields[0] == "armed" for fields in told):
            why = next((fields[2] for fields in told if fields[0] == "failed" and len(fields) > 2), "")
            raise Refused(
                "It was not run: the target would not have taken it back by itself.",
                why=mask(clean_line(why or f"the keeper ended with {status}"))[0],
                next_step="Mend that, or propose it again without --confirm.",
            )

    async def _afresh(
        self, afresh: Afresh, step: KeeperStep, change: Change, way: WayBack, target: OrderTarget
    ) -> tuple[str, str]:
        """Log in over a connection of its own and do a step there; return the state and what the target says of it."""
        try:
            async with asyncio.timeout(LOG_IN_S), afresh() as run:
                _, told = await self._keeping.step(run, step, change, way)
        except TimeoutError as error:
            raise TimedOut(f"{target.name} has not answered within {LOG_IN_S:g} s.") from error
        fields = next((fields for fields in told if fields[0] == "guard" and len(fields) > 2), ["guard", "none", ""])
        return fields[1], mask(clean_line(fields[2]))[0]

    async def _after(
        self, afresh: Afresh, change: Change, way: WayBack, target: OrderTarget, due: float, why: str
    ) -> Ended:
        """Ask the target what became of a change that was not confirmed; always raises."""
        loop = asyncio.get_running_loop()
        while loop.time() < due + AFTER_S:
            await asyncio.sleep(max(ASK_EVERY_S, due - loop.time()))
            try:
                state, said = await self._afresh(afresh, KeeperStep.STATUS, change, way, target)
            except OpstermError:
                continue
            if state == "reverted":
                raise Refused(
                    f"Taken back by the target: {why}", next_step="Everything there is proven to be as it was."
                )
            if state == "revert-failed":
                raise Refused(
                    f"The target could not take all of it back: {why}", why=said,
                    next_step=f"Look at it there, and see what is left: opsterm rollback {change.name}",
                )  # fmt: skip
            if state == "confirmed":
                raise Refused(f"It stays: it was confirmed, and yet {why}", next_step="Look at what it left behind.")
        raise Unreachable(
            f"Not confirmed, and the target does not say what became of it: {why}",
            why="It was told to take it back by itself, and has not answered since.",
            next_step="Look at it by another way.",
        )
