"""Keeps what a change touches on each target before it runs, and how the change left it, for the executor."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING

from opsterm.changes.change import Change
from opsterm.changes.events import ChangeCaptured
from opsterm.changes.way_back.prepared import keeping_as, point_of
from opsterm.changes.way_back.script import keeper_text
from opsterm.changes.way_back.words import KeeperStep
from opsterm.core.errors import OpstermError, Refused, TimedOut, Unreachable
from opsterm.core.text import clean_line
from opsterm.policy.mask import mask
from opsterm.policy.order import RESTORE, OrderTarget, RunAs
from opsterm.policy.way_back import WayBack
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.marking import Marking
from opsterm.runtime.ports import Ended

if TYPE_CHECKING:
    from opsterm.runtime.recovery_copies import RecoveryCopies

RunText = Callable[[str, RunAs], AsyncIterator[bytes | Ended]]
"""Runs a text of `sh`, or on a Windows host of PowerShell, on the target of a change."""

OpenCopies = Callable[[], "RecoveryCopies"]
"""Gives what is copied to this host; that is loaded when a change needs it."""

LIMIT_S = 900.0
"""Seconds that keeping may take on one target; a large tree is copied once."""

TOLD_BYTES = 100_000


class Keeping:
    """Does the steps around a change with what the executor hands it to run them: it opens nothing itself.

    Args:
        ledger: tells what was kept.
        marking: leaves a mark beside what is kept, for others to see who works there.
        copies: copies it to this host.
    """

    def __init__(self, ledger: Ledger, marking: Marking, copies: OpenCopies) -> None:
        self._ledger = ledger
        self._marking = marking
        self._copies = copies

    async def capture(
        self, run: RunText, change: Change, way: WayBack, target: OrderTarget, *, number: int = 0
    ) -> None:  # fmt: skip
        """Keep what the change, or that step of it, touches.

        Raises:
            Refused: it could not be kept, or somebody else works there; nothing was changed.
            Unreachable: the line was lost.
        """
        await self._marking.take(lambda text: _told(run, text, way), change, target, on_windows=way.on_windows)
        status, told = await self.step(run, KeeperStep.CAPTURE, change, way, number=number)
        if status != 0:
            await self.leave(run, change, way)
            why = next((fields[2] for fields in told if fields[0] == "failed" and len(fields) > 2), "")
            raise Refused(
                "It was not run: what it touches could not be kept beforehand.",
                why=mask(clean_line(why or f"the keeper ended with {status}"))[0],
                next_step="Mend that, or propose it again with --no-way-back.",
            )
        sizes = [int(fields[2]) for fields in told if fields[0] == "kept" and fields[2].isdigit()]
        await self._ledger.record(
            self._ledger.fact(
                ChangeCaptured(
                    change=change.id, target=target.name, point=point_of(change, number),
                    things=tuple(mask(str(thing))[0] for thing in way.things), size_kb=sum(sizes),
                ),
                correlation_id=change.name,
            )
        )  # fmt: skip
        if not way.on_windows:  # what sends it is for sh
            await self._copies().copy(run, change, way, target, number=number)

    async def note(
        self, run: RunText, change: Change, way: WayBack, target: OrderTarget, *, number: int = 0
    ) -> None:  # fmt: skip
        """Keep how the change, or that step of it, left it, so that what others do later is told apart.

        Raises:
            Unreachable: the line was lost.
        """
        await self.step(run, KeeperStep.NOTE, change, way, number=number)
        if change.order.terms is None or not change.order.terms.confirm_s:  # a guard works on until its deadline
            await self.leave(run, change, way)
        await self._copies().copy_after(run, change, target, number=number)

    async def leave(self, run: RunText, change: Change, way: WayBack) -> None:
        """Take the mark of a change away: it works there no more. Where that cannot be, it ends by itself."""
        await self._marking.give_up(lambda text: _told(run, text, way), change, on_windows=way.on_windows)

    async def noting(
        self, making: Callable[[], Awaitable[Ended]], run: RunText, change: Change, way: WayBack | None,
        target: OrderTarget, *, number: int = 0,
    ) -> Ended:  # fmt: skip
        """Make a change, or a step of it, and note how it left what it touched, also when it was ended there.

        A line that was lost is no end: it may still run. Where that cannot be noted, a rollback asks whether one
        insists. Raises as `making`.
        """
        try:
            ended = await making()
        except OpstermError as error:
            if way is not None and not isinstance(error, Unreachable):
                with suppress(OpstermError):
                    await self.note(run, change, way, target, number=number)
            raise
        if way is not None:
            with suppress(OpstermError):
                await self.note(run, change, way, target, number=number)
        return ended

    async def put_back(self, run: RunText, change: Change, way: WayBack | None) -> str:
        """Put back what the change has changed; return what is not as it was, "" when all is proven to be.

        Raises:
            Unreachable: the line was lost.
        """
        if way is None:
            return "nothing was kept"
        status, told = await self.step(run, KeeperStep.RESTORE, change, way)
        return "" if status == 0 else _differences(told) or f"exit {status}"

    def feed(self, command: str, shell: str, target: OrderTarget) -> AsyncIterator[bytes] | None:
        """Return what is sent with a command: the copy of a recovery point that is put back from here."""
        return self._copies().parcel(command, target.name) if shell == RESTORE else None

    async def step(
        self, run: RunText, step: KeeperStep, change: Change, way: WayBack, *, seconds: int = 0, number: int = 0
    ) -> tuple[int, list[list[str]]]:
        """Run a step; return its exit status and the facts that it told, each as its fields.

        Raises:
            TimedOut: it took longer than LIMIT_S.
            Unreachable: the line was lost.
        """
        return await _told(run, keeper_text(step, point_of(change, number), way.things, seconds=seconds), way)


async def _told(run: RunText, text: str, way: WayBack) -> tuple[int, list[list[str]]]:
    """Run a text as whoever keeps; return its exit status and what it told, each line as its fields."""
    printed = bytearray()
    status: int | None = None
    try:
        async with (
            asyncio.timeout(LIMIT_S),
            aclosing(run(text, keeping_as(way.become))) as pieces,  # type: ignore[type-var]  # an async generator
        ):
            async for piece in pieces:
                if isinstance(piece, Ended):
                    status = piece.exit_status
                elif len(printed) < TOLD_BYTES:
                    printed += piece
    except TimeoutError as error:
        raise TimedOut(
            f"Keeping what it touches took longer than {LIMIT_S:g} s and was stopped.",
            next_step="Name less in one change, or propose it with --no-way-back.",
        ) from error
    lines = printed.decode("utf-8", "replace").splitlines()
    return 70 if status is None else status, [line.split("\t") for line in lines]


def _differences(told: Sequence[Sequence[str]]) -> str:
    """Return what a restoring step tells of things that are not as they were. Masked and clean."""
    well = ("as it was", "put back", "as the change left it", "half put back", "everything is proven to be as it was")
    return mask(clean_line("; ".join(" ".join(fields) for fields in told if fields[0] not in well)))[0]
