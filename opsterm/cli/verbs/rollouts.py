"""The verb that goes on with a change that stopped."""

from __future__ import annotations

from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import rollout_wish, tell_proposed
from opsterm.core.errors import ExitCode
from opsterm.runtime.changes import change_number
from opsterm.runtime.rollouts import ResumePart, ResumeWish


async def resume(context: Context) -> int:
    """Propose a change for those targets of an ended one where it is not done."""
    asked = context.invocation
    change = await context.runtime.rollouts.resume(
        ResumeWish(
            change=change_number(asked.text("id")), part=ResumePart(asked.text("part")), rollout=rollout_wish(context),
            reason=asked.text("reason"), origin="command line",
        )
    )  # fmt: skip
    tell_proposed(context, change)
    return ExitCode.DONE
