"""The verb that goes on with a change that stopped."""

from __future__ import annotations

from opsterm.cli.records import change_record
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import describe, rollout_wish
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
    if context.printer.json:
        context.printer.record(change_record(change))
    else:
        context.printer.line(change.name)
        describe(context, change)
        context.printer.say(f"approve: opsterm approve {change.name}")
    return ExitCode.DONE
