"""Looks on a target whether a change has come out as it should, and takes it back there where that was approved.

It opens nothing itself: the executor hands it what runs a text on the target.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from typing import ClassVar

from opsterm.changes.change import Change, OutcomeState
from opsterm.changes.events import ChangeRolledBack, ChangeVerified
from opsterm.changes.guard import guard_of
from opsterm.changes.verification import (
    FROM_HERE,
    ChangeCheck,
    OnFailure,
    Verification,
    check_text,
    verification_of,
)
from opsterm.changes.way_back.prepared import keeping_as, way_back_of
from opsterm.core.errors import ExitCode, OpstermError, TimedOut
from opsterm.core.text import clean_bytes, clean_line
from opsterm.core.units import span_text
from opsterm.policy.mask import mask
from opsterm.policy.order import OrderTarget, RunAs
from opsterm.runtime.keeping import RunText
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.outside_checks import LookFromHere
from opsterm.runtime.ports import Ended

PAUSE_S = 2.0
"""Seconds between two tries."""

SEEN_BYTES = 4_000
SHOWN = 200
"""Characters of what a check has seen that are kept."""

Changing = Callable[[], Awaitable[Ended]]

TakingBack = Callable[[], Awaitable[str]]
"""Takes a change back on one target; returns what is not as it was, "" when all is proven to be."""


class NotVerified(OpstermError):
    """A change ended on a target, and not as it should have.

    Attributes:
        state: how it went there.
        ended: how its command ended.
    """

    exit_code: ClassVar[ExitCode] = ExitCode.SOME_FAILED

    def __init__(
        self, what: str, *, state: OutcomeState, ended: Ended, why: str = "", next_step: str = ""
    ) -> None:  # fmt: skip
        super().__init__(what, why=why, next_step=next_step)
        self.state = state
        self.ended = ended


class Verifying:
    """Makes a change and looks at it.

    Args:
        ledger: tells what was seen, and what was taken back.
        from_here: looks from this host.
    """

    def __init__(self, ledger: Ledger, from_here: LookFromHere) -> None:
        self._ledger = ledger
        self._from_here = from_here

    async def run(
        self, run: RunText, changing: Changing, taking_back: TakingBack, change: Change, target: OrderTarget, *,
        say: Callable[[str], None],
    ) -> Ended:  # fmt: skip
        """Make the change, look at it, and take it back if it is not as it should be and that was approved.

        Args:
            run: runs a text in the session in which the change is made.
            changing: makes the change.
            taking_back: takes it back.
            change: the change.
            target: where.
            say: hears what was seen of a change that came out well.

        Raises:
            NotVerified: it has not come out as it should.
            OpstermError: as `changing`.
        """
        wanted = verification_of(change.order)
        keeps = wanted.on_failure is OnFailure.KEEP
        ended = Ended(exit_status=None)
        try:
            ended = await changing()
            if ended.exit_status == 0:
                say(await self.look(run, change, target, wanted))
                return ended
            if keeps:
                return ended
            why = f"It ended with {ended.signal or ended.exit_status}."
        except (TimedOut, NotVerified) as error:
            if keeps:
                raise
            why, ended = error.what, error.ended if isinstance(error, NotVerified) else ended
        raise await self.undo(taking_back, change, target, why=why, ended=ended)

    async def undo(
        self, taking_back: TakingBack, change: Change, target: OrderTarget, *, why: str, ended: Ended
    ) -> NotVerified:  # fmt: skip
        """Take a change back on one target, tell whether all is as it was, and return what came of the change there.

        Args:
            taking_back: takes it back.
            change: the change.
            target: where.
            why: why it is taken back.
            ended: how its command ended.
        """
        try:
            wrong = await taking_back()
        except OpstermError as error:
            wrong = mask(clean_line(error.what))[0]
        event = ChangeRolledBack(change=change.id, target=target.name, by_change=change.id, equal=not wrong)
        await self._ledger.record(self._ledger.fact(event, correlation_id=change.name))
        if wrong:
            return NotVerified(
                why, state=OutcomeState.ROLLBACK_FAILED, ended=ended,
                why=f"It could not be taken back there: {wrong}",
                next_step=f"See what is there now; then opsterm rollback {change.name} [--insist]",
            )  # fmt: skip
        return NotVerified(
            why, state=OutcomeState.ROLLED_BACK, ended=ended,
            why=f"It was taken back there: {_how_sure(change)}",
        )  # fmt: skip

    async def _one(self, run: RunText, how: RunAs, check: ChangeCheck, target: OrderTarget) -> tuple[bool, str]:
        """Return whether a check holds, and what it has seen in one line."""
        if check.kind in FROM_HERE:
            return await self._from_here(check, target)
        return await _on_target(run, how, check)

    async def look(
        self, run: RunText, change: Change, target: OrderTarget, wanted: Verification, *, step: int = 0
    ) -> str:  # fmt: skip
        """Look at everything until all of it holds at once; return what was seen, "" when nothing is looked at.

        Args:
            run: runs a text on the target.
            change: the change.
            target: where.
            wanted: what has to hold.
            step: of a plan the step that it belongs to, 0 for the change as a whole.

        Raises:
            NotVerified: it does not hold.
            OpstermError: the line to the target of a guarded change was lost.
        """
        if not wanted.checks:
            return ""
        how = keeping_as(way_back_of(change.order).become or change.order.become)
        seen: dict[ChangeCheck, tuple[bool, str]] = {}
        tried = 0
        try:
            async with asyncio.timeout(wanted.within_s):
                while tried < wanted.tries:
                    if tried:
                        await asyncio.sleep(PAUSE_S)
                    tried += 1
                    for check in wanted.checks:
                        seen[check] = await self._one(run, how, check, target)
                    if all(well for well, _ in seen.values()):
                        break
        except TimeoutError:
            for check in wanted.checks:
                seen.setdefault(check, (False, f"no answer within {span_text(wanted.within_s)}"))
        except OpstermError as error:
            if _is_guarded(change) and not step:  # there is time to log in once more: a network may need a moment
                raise
            for check in wanted.checks:
                seen.setdefault(check, (False, mask(clean_line(error.what))[0]))
        told = [f"{mask(str(check))[0]}: {said}" for check, (_, said) in seen.items()]
        verified = all(well for well, _ in seen.values())
        event = ChangeVerified(
            change=change.id, target=target.name, verified=verified, seen=tuple(told), tries=tried, step=step
        )  # fmt: skip
        await self._ledger.record(self._ledger.fact(event, correlation_id=change.name))
        if verified:
            return f"Verified: {'; '.join(told)}."
        wrong = [text for text, (well, _) in zip(told, seen.values(), strict=True) if not well]
        raise NotVerified(
            f"Not verified after {tried} tr{'y' if tried == 1 else 'ies'}: {'; '.join(wrong)}.",
            state=OutcomeState.NOT_VERIFIED, ended=Ended(exit_status=0),
            next_step=f"The change is there. Look at it, or take it back: opsterm rollback {change.name}",
        )  # fmt: skip


async def _on_target(run: RunText, how: RunAs, check: ChangeCheck) -> tuple[bool, str]:
    """Return whether a check holds, and what it has seen in one line."""
    printed = bytearray()
    status: int | None = None
    async with aclosing(run(check_text(check), how)) as pieces:  # type: ignore[type-var]  # an async generator
        async for piece in pieces:
            if isinstance(piece, Ended):
                status = piece.exit_status
            elif len(printed) < SEEN_BYTES:
                printed += piece
    lines = [line.strip() for line in clean_bytes(bytes(printed)).split("\n") if line.strip()]
    said = " · ".join(lines[-2:]) or ("holds" if status == 0 else f"exit {status}")
    return status == 0, mask(clean_line(said, limit=SHOWN))[0]


def _is_guarded(change: Change) -> bool:
    return bool(guard_of(change.order).seconds)


def _how_sure(change: Change) -> str:
    if way_back_of(change.order).own:
        return "its own commands for that ended well; everything else is proven to be as it was."
    return "everything is proven to be as it was."
