"""The confirmed change: the target takes it back by itself unless a fresh log-in confirms it in time.

Arm, see that it is armed, change, log in afresh over a new connection, confirm over that one, or wait there for a
person who does. What failed is taken back at once, and what was not seen to end when its time is over; the target does
that, and is asked what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from opsterm.changes.guard import GuardAnswer, GuardState, guard_of
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import OpstermError, Refused, TimedOut
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.runtime.guard_watch import Guarded, GuardWatch
from opsterm.runtime.keeping import Keeping, RunText
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Ended
from opsterm.runtime.verifying import NotVerified

Changing = Callable[[], Awaitable[Ended]]


class Guarding:
    """Runs changes that their targets take back by themselves unless they are confirmed.

    Args:
        keeping: runs the steps on a target.
        ledger: hears what targets say.
    """

    def __init__(self, keeping: Keeping, ledger: Ledger) -> None:
        self._keeping = keeping
        self._ledger = ledger

    def watch(self, guarded: Guarded) -> GuardWatch:
        """Return what asks a target about a guard that is armed."""
        return GuardWatch(self._keeping, self._ledger, guarded)

    async def run(self, run: RunText, changing: Changing, guarded: Guarded) -> Ended:
        """Arm, change and confirm.

        Args:
            run: runs a text in the session in which the change is made.
            changing: makes the change.
            guarded: the change and the target.

        Raises:
            Refused: it could not be armed, and nothing was changed; or the target has taken it back.
            Unreachable: what became of it is not known.
        """
        guard = guard_of(guarded.change.order)
        await self._arm(run, guarded, guard.seconds)
        watch = self.watch(guarded)
        await watch.armed(guard.seconds)
        due = asyncio.get_running_loop().time() + guard.seconds
        why, step = "", KeeperStep.STATUS if guard.by_hand else KeeperStep.CONFIRM
        ended = Ended(exit_status=None)
        try:
            async with asyncio.timeout(guard.seconds):  # a line that was cut may not say so for long
                ended = await changing()
            if ended.exit_status != 0:
                why, step = f"it ended with {ended.signal or ended.exit_status}", KeeperStep.REVERT
        except TimeoutError:
            why, step = "its end was not seen in time", KeeperStep.STATUS
        except (TimedOut, NotVerified) as error:
            why, step = error.what, KeeperStep.REVERT
        except OpstermError as error:
            why, step = error.what, KeeperStep.STATUS
        answer = await watch.until_decided(step, left_s=due - asyncio.get_running_loop().time())
        if answer.state is GuardState.CONFIRMED and not why:
            return ended
        failed = f"the fresh log-in failed: {watch.trouble}" if watch.trouble else "it was not confirmed"
        raise _not_confirmed(answer, why or failed, guarded.change.name)

    async def _arm(self, run: RunText, guarded: Guarded, seconds: int) -> None:
        status, told = await self._keeping.step(run, KeeperStep.ARM, guarded.change, guarded.way, seconds=seconds)
        if status != 0 or not any(fields[0] == "armed" for fields in told):
            why = next((fields[2] for fields in told if fields[0] == "failed" and len(fields) > 2), "")
            raise Refused(
                "It was not run: the target would not have taken it back by itself.",
                why=mask(clean_line(why or f"the keeper ended with {status}"))[0],
                next_step="Mend that, and propose it again.",
            )


def _not_confirmed(answer: GuardAnswer, why: str, name: str) -> Refused:
    match answer.state:
        case GuardState.REVERTED:
            return Refused(f"Taken back by the target: {why}", next_step="Everything there is proven to be as it was.")
        case GuardState.REVERT_FAILED:
            return Refused(
                f"The target could not take all of it back: {why}", why=answer.said,
                next_step=f"Look at it there, and see what is left: opsterm rollback {name}",
            )  # fmt: skip
        case GuardState.CONFIRMED:
            return Refused(f"It stays: it was confirmed, and yet {why}", next_step="Look at what it left behind.")
        case _:
            return Refused(
                f"It stays there, and nothing takes it back any more: {why}",
                why="What waited there for the confirmation is gone, as after a boot without a system manager.",
                next_step=f"Take it back: opsterm rollback {name}. Or keep it: opsterm confirm {name}",
            )
