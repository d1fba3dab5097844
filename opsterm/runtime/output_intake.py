"""Takes in what a command prints on a target, piece by piece, until it ends or its time is over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

from opsterm.changes.change import Change
from opsterm.changes.events import ChangeOutput
from opsterm.core.errors import NotBegun, StorageError, TimedOut
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ledger import Ledger
from opsterm.runtime.output_record import OutputRecord
from opsterm.runtime.ports import Ended
from opsterm.runtime.ports_store import OutputStore


class OutputIntake:
    """Keeps what commands print.

    Args:
        output: where it is kept.
        ledger: where it is told that something came.
        quiet_limit_s: seconds a command may print nothing before it is stopped; 0 for any.
    """

    def __init__(self, output: OutputStore, ledger: Ledger, *, quiet_limit_s: float) -> None:
        self._output = output
        self._ledger = ledger
        self._quiet_limit_s = quiet_limit_s

    async def to_the_end(
        self, coming: AsyncIterator[bytes | Ended], change: Change, target: OrderTarget, record: OutputRecord,
        limit_s: float,
    ) -> Ended:  # fmt: skip
        """Keep what a text prints, and return how it ended.

        Raises:
            TimedOut: it took longer than `limit_s` seconds, or printed nothing for too long.
            As `ports.Session.run`.
        """
        before = record.began
        try:
            async with (
                asyncio.timeout(limit_s),
                aclosing(coming) as pieces,  # type: ignore[type-var]  # an async generator
            ):
                record.began = True
                async for piece in self._unless_quiet(pieces, target) if self._quiet_limit_s else pieces:
                    if isinstance(piece, Ended):
                        return piece
                    await self._keep_output(change, target, record, piece)
        except NotBegun:
            record.began = before
            raise
        except TimeoutError as error:
            raise TimedOut(
                f"The command ran longer than its {limit_s:g} s on {target.name} and was stopped.",
                next_step="Look at what it left behind; propose it again with a longer --timeout if it needs one. "
                "changes.timeout_s sets it for all.",
            ) from error
        return Ended(exit_status=None)

    async def _unless_quiet(
        self, pieces: AsyncIterator[bytes | Ended], target: OrderTarget
    ) -> AsyncIterator[bytes | Ended]:
        """Pass on what comes; raise TimedOut when nothing has come for too long."""
        while True:
            quiet = asyncio.timeout(self._quiet_limit_s)
            try:
                async with quiet:
                    piece = await anext(pieces, None)
            except TimeoutError as error:
                if not quiet.expired():
                    raise
                raise TimedOut(
                    f"The command printed nothing for {self._quiet_limit_s:g} s on {target.name} and was stopped.",
                    why="It may wait for an answer that nobody can give it.",
                    next_step="Look at what it left behind; changes.quiet_timeout_s sets how long it may be "
                    "quiet, 0 for any.",
                ) from error
            if piece is None:
                return
            yield piece

    async def _keep_output(self, change: Change, target: OrderTarget, record: OutputRecord, piece: bytes) -> None:
        """Keep what came; a disk that takes none of it does not stop the command."""
        kept = record.take(piece)
        if kept:
            try:
                await self._output.append(change.id, target.name, kept)
            except StorageError as error:
                record.lose(len(kept), error.what)
        self._ledger.tell(
            ChangeOutput(change=change.id, target=target.name, total_bytes=record.total), correlation_id=change.name
        )
