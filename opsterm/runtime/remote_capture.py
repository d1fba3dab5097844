"""Captures of targets over a line: the door by which the state of things comes here.

What it runs is a `CaptureScript`: the fixed shell texts of the keeper, with names that are each one word. It changes
nothing, so nothing here needs an approval; tests/house/walls.py holds that.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing

from opsterm.changes.recovery.capture import CaptureScript
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Ended, Sessions


async def capture_on(
    connector: Sessions, target: OrderTarget, capture: CaptureScript
) -> AsyncGenerator[bytes | Ended, None]:
    """Run a capture on a target; yield what it sends, then how it ended.

    Args:
        connector: opens the session.
        target: where.
        capture: what runs.

    Raises:
        OpstermError: as `Connector.session` and `Session.run`.
    """
    session = await connector.session(target, looks=True)
    try:
        async with aclosing(
            session.run(capture.script, shell=capture.shell, how=capture.how)  # type: ignore[type-var]  # an async generator
        ) as pieces:
            async for piece in pieces:
                yield piece
    finally:
        await session.close()
