"""Leaves checkpoints of the audit chain on another host.

The settings of this account name the host and the file; what runs there is `policy.checkpoint_script` and nothing
else, which only adds a line to that file. So it needs no approval; tests/house/walls.py holds that.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from opsterm.core.errors import TimedOut, Unreachable
from opsterm.policy.chain import Checkpoint, checkpoint_line
from opsterm.policy.checkpoint_script import checkpoint_script
from opsterm.policy.order import OrderTarget
from opsterm.runtime.ports import Ended, Sessions

LIMIT_S = 30.0
OUTPUT_LIMIT = 10_000


async def leave_remotely(connector: Sessions, target: OrderTarget, path: str, at: Checkpoint) -> None:
    """Add a checkpoint to a file of a target, over a connection that is open already where there is one.

    Args:
        connector: opens the session.
        target: where.
        path: of the file.
        at: what is left.

    Raises:
        OpstermError: as `Connector.session`; the file does not end with the checkpoint now.
    """
    said, ended = b"", Ended(exit_status=None)
    try:
        async with asyncio.timeout(LIMIT_S):
            session = await connector.session(target)
            try:
                async with aclosing(
                    session.run(checkpoint_script(path, at), shell="sh")  # type: ignore[type-var]  # noqa: S604 (an async generator; a fixed script)
                ) as told:
                    async for piece in told:
                        if isinstance(piece, Ended):
                            ended = piece
                        elif len(said) < OUTPUT_LIMIT:
                            said += piece
            finally:
                await session.close()
    except TimeoutError as error:
        raise TimedOut(f"{target.name} did not take a checkpoint within {LIMIT_S:g} s.") from error
    last = said.decode("utf-8", "replace").strip().rpartition("\n")[2].strip()
    if ended.exit_status != 0 or last != checkpoint_line(at):
        raise Unreachable(
            f"{path} on {target.name} did not take a checkpoint.", why=last[:300],
            next_step="The folder must be there, and the account must be able to add to the file and read it.",
        )  # fmt: skip
