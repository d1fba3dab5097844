"""The verb that takes a change back."""

from __future__ import annotations

from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import tell_proposed
from opsterm.core.errors import ExitCode
from opsterm.runtime.changes import change_number
from opsterm.runtime.rollbacks import RollbackWish


async def rollback(context: Context) -> int:
    """Propose what puts back what a change has changed."""
    asked = context.invocation
    rows = await context.runtime.inventory.resolve(asked.text("on")) if asked.text("on") else []
    change = await context.runtime.rollbacks.propose(
        RollbackWish(
            change=change_number(asked.text("id")), targets=tuple(row.target.name for row in rows),
            insist=asked.yes("insist"), reason=asked.text("reason"), origin="command line",
        )
    )  # fmt: skip
    tell_proposed(context, change)
    return ExitCode.DONE
