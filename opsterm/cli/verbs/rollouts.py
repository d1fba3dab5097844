"""The verbs that go on with a change: one that stopped, and one that waits between two batches."""

from __future__ import annotations

from opsterm.cli.records import change_record
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
            again=asked.yes("again"), reason=asked.text("reason"), origin="command line",
        )
    )  # fmt: skip
    tell_proposed(context, change)
    return ExitCode.DONE


async def proceed(context: Context) -> int:
    """Ask that a change wait no longer between two batches."""
    change = await context.runtime.gates.proceed(change_number(context.invocation.text("id")))
    if context.printer.json:
        context.printer.record(change_record(change))
    context.printer.say(f"{change.name} is asked to go on; what is looked at there has to hold all the same.")
    return ExitCode.DONE
