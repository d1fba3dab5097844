"""Looks at targets over a line: the one place beside the executor that opens a session.

What it runs is a `Look`, one of the fixed scripts of `monitoring.looks`, or a `PreviewScript`, whose commands are each
on a list of those that only read and whose every word is quoted. Neither changes anything, so nothing here needs an
approval; tests/house/walls.py holds that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass

from opsterm.core.clock import Clock
from opsterm.core.errors import TimedOut
from opsterm.monitoring.looks import Look
from opsterm.policy.order import OrderTarget
from opsterm.policy.preview.command import PreviewScript
from opsterm.runtime.ports import Ended, Session, Sessions

OUTPUT_LIMIT = 1_000_000
"""Bytes that are read of one look; a host with a thousand disks says 150 kB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What a look brought.

    Attributes:
        text: what was printed; bytes that are no UTF-8 as backslash escapes.
        sent: epoch seconds when the script was sent, over a session that was open.
        heard: epoch seconds when the first of it came.
    """

    text: str
    sent: float
    heard: float


async def preview_on(
    connector: Sessions, target: OrderTarget, preview: PreviewScript, *, limit_s: float, clock: Clock
) -> Looked:  # fmt: skip
    """Run the commands of a preview on a target, as the account that the change would run as.

    Args:
        connector: opens the session.
        target: where.
        preview: the commands.
        limit_s: seconds for all of it.
        clock: tells the time.

    Raises:
        OpstermError: as `look_at`.
    """
    return await _heard(
        connector, target, lambda session: session.run(preview.script, shell=preview.shell, how=preview.how),
        limit_s=limit_s, clock=clock,
    )  # fmt: skip


async def look_at(connector: Sessions, target: OrderTarget, look: Look, *, limit_s: float, clock: Clock) -> Looked:
    """Run a script on a target and return what it printed, up to OUTPUT_LIMIT; the parser judges what it is worth.

    Args:
        connector: opens the session, on a connection that is open already where there is one.
        target: where.
        look: which script.
        clock: tells when the target was asked and when it answered.
        limit_s: seconds for all of it. What has come by then is returned, and the script is ended.

    Raises:
        OpstermError: as `Connector.session`; the line was lost; nothing came in time.
    """
    return await _heard(
        connector, target, lambda session: session.run(look.script, shell=look.shell), limit_s=limit_s, clock=clock
    )


async def _heard(
    connector: Sessions, target: OrderTarget, start: Callable[[Session], AsyncIterator[bytes | Ended]], *,
    limit_s: float, clock: Clock,
) -> Looked:  # fmt: skip
    """Open a session, start what prints in it, and return what came within the time."""
    pieces: list[bytes] = []
    size = 0
    sent = heard = clock.now()
    try:
        async with asyncio.timeout(limit_s):
            session = await connector.session(target, looks=True)
            sent = clock.now()
            try:
                async with aclosing(start(session)) as told:  # type: ignore[type-var]  # an async generator
                    async for piece in told:
                        if isinstance(piece, Ended) or size >= OUTPUT_LIMIT:
                            break
                        heard = heard if pieces else clock.now()
                        pieces.append(piece)
                        size += len(piece)
            finally:
                await session.close()
    except TimeoutError as error:
        if not pieces:
            raise TimedOut(
                f"{target.name} did not answer within {limit_s:g} s.",
                why="It logged us in too slowly, or its shell or one of its kernel files hangs.",
                next_step=f"Open a terminal on {target.name} and see its load.",
            ) from error
    text = b"".join(pieces)[:OUTPUT_LIMIT].decode("utf-8", "backslashreplace")
    return Looked(text=text, sent=sent, heard=heard)
