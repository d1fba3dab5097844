"""Looks at targets over a line: the one place beside the executor that opens a session.

What it runs is a `Look`: one of the fixed scripts of `monitoring.looks`, which change nothing. No text of an operator,
a model or a target reaches it, so nothing here needs an approval; tests/house/walls.py holds that.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass

from opsterm.core.clock import Clock
from opsterm.core.errors import TimedOut
from opsterm.monitoring.looks import Look
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Ended, Sessions

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
    pieces: list[bytes] = []
    size = 0
    sent = heard = clock.now()
    try:
        async with asyncio.timeout(limit_s):
            session = await connector.session(target, looks=True)
            sent = clock.now()
            try:
                async with aclosing(
                    session.run(look.script, shell=look.shell)  # type: ignore[type-var]  # an async generator of a fixed script
                ) as told:
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
