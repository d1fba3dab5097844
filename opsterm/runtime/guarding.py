"""The confirmed change: the target takes it back by itself unless a fresh log-in confirms it in time.

Arm, see that it is armed, change, log in afresh over a new connection, look over that one whether the checks hold, and
confirm it there, or wait there for a person who does. What failed or is not well is taken back at once, and what was
not seen to end when its time is over; the target does that, and is asked what became of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from opsterm.changes.change import OutcomeState
from opsterm.changes.guard import GuardAnswer, GuardState, answer_from, guard_of
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import OpstermError, Refused, TimedOut
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.runtime.guard_watch import Guarded, GuardWatch
from opsterm.runtime.keeping import Keeping, RunText
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.ports import Ended
from opsterm.runtime.verifying import NotVerified
from opsterm.runtime.wave import Wave

Changing = Callable[[], Awaitable[Ended]]

Look = Callable[[RunText], Awaitable[object]]
"""Looks over a session whether a change has come out as it should. Raises NotVerified; OpstermError for its line."""


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

    async def arm(self, run: RunText, guarded: Guarded, seconds: int) -> None:
        """Have the target take it back after so many seconds, and see that it will.

        Args:
            run: runs a text there.
            guarded: the change and the target.
            seconds: from now.

        Raises:
            Refused: it could not be armed; nothing was changed.
        """
        status, told = await self._keeping.step(run, KeeperStep.ARM, guarded.change, guarded.way, seconds=seconds)
        if status != 0 or not any(fields[0] == "armed" for fields in told):
            why = next((fields[2] for fields in told if fields[0] == "failed" and len(fields) > 2), "")
            raise Refused(
                "It was not run: the target would not have taken it back by itself.",
                why=mask(clean_line(why or f"the keeper ended with {status}"))[0],
                next_step="Mend that, and propose it again.",
            )
        await self.watch(guarded).armed(seconds)

    async def arm_again(self, run: RunText, guarded: Guarded) -> None:
        """Have the time of what is armed begin now.

        Raises:
            Refused: it is no longer armed; nothing was changed.
        """
        seconds = guard_of(guarded.change.order).seconds
        _, told = await self._keeping.step(run, KeeperStep.EXTEND, guarded.change, guarded.way, seconds=seconds)
        answer = answer_from(told)
        if answer.state is not GuardState.PENDING:
            raise Refused(
                "It was not run: its guard is no longer armed there.", why=f"The target says {answer.state}.",
                next_step="Propose it again for what is left; with fewer targets the last of them wait less long.",
            )  # fmt: skip
        await self.watch(guarded).armed(seconds)

    async def run(self, changing: Changing, guarded: Guarded, look: Look, wave: Wave) -> Ended:
        """Change what is armed, look at it over a fresh log-in, and confirm it.

        Args:
            changing: makes the change.
            guarded: the change and the target.
            look: looks whether it has come out as it should.
            wave: those that are confirmed together with it.

        Raises:
            Refused: the target has taken it back.
            Unreachable: what became of it is not known.
        """
        guard, name = guard_of(guarded.change.order), guarded.target.name
        watch = self.watch(guarded)
        due = asyncio.get_running_loop().time() + guard.seconds
        if wave.trouble:
            changing = _not_begun(wave)
        ended, why, step = await _made(changing, due)

        async def judge(run: RunText) -> KeeperStep:
            nonlocal why
            well = KeeperStep.STATUS if guard.by_hand else KeeperStep.CONFIRM
            try:
                async with asyncio.timeout_at(due):
                    await look(run)
                    if await wave.all_well(name):
                        return well
                    why = f"{wave.trouble}, which is changed together with it, is not well"
            except TimeoutError:
                why = "until its time was over it was not seen to be well, or another that is changed with it was not"
                wave.fail(name)
                return KeeperStep.STATUS
            except NotVerified as error:
                why = error.what
            wave.fail(name)
            return KeeperStep.REVERT

        if why:
            wave.fail(name)
        left_s = due - asyncio.get_running_loop().time()
        answer = await watch.until_decided(step, left_s=left_s, judge=None if why else judge)
        if answer.state is GuardState.CONFIRMED and not why:
            return ended
        failed = f"the fresh log-in failed: {watch.trouble}" if watch.trouble else "it was not confirmed"
        raise _not_confirmed(answer, why or failed, guarded.change.name)


async def _made(changing: Changing, due: float) -> tuple[Ended, str, KeeperStep]:
    """Make a change; return how it ended, why it is not to stay, "" for no reason, and what is asked of the target."""
    ended = Ended(exit_status=None)
    try:
        async with asyncio.timeout_at(due):  # a line that was cut may not say so for long
            ended = await changing()
    except TimeoutError:
        return ended, "its end was not seen in time", KeeperStep.STATUS
    except (TimedOut, NotVerified) as error:
        return ended, error.what, KeeperStep.REVERT
    except OpstermError as error:
        return ended, error.what, KeeperStep.STATUS
    if ended.exit_status != 0:
        return ended, f"it ended with {ended.signal or ended.exit_status}", KeeperStep.REVERT
    return ended, "", KeeperStep.STATUS


def _not_begun(wave: Wave) -> Changing:
    async def changing() -> Ended:
        what = f"it was not begun, since {wave.trouble}, which was to be changed together with it, is not well"
        raise NotVerified(what, state=OutcomeState.FAILED, ended=Ended(exit_status=None))

    return changing


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
