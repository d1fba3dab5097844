"""The verb that looks at many targets at once: equal outputs together, the odd ones by line."""

from __future__ import annotations

import asyncio

from opsterm.changes.change import Change, ChangeState, Outcome, OutcomeState
from opsterm.changes.comparison import Comparison, OutputGroup
from opsterm.changes.events import ChangeTargetEnded
from opsterm.changes.summary import exit_summary, progress_text
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import describe, proposal_of
from opsterm.cli.verbs.running import exit_code, open_vault_for, run_here, run_to_the_end
from opsterm.core.errors import ExitCode, OpstermError
from opsterm.core.hub import Ear
from opsterm.core.quiet_gc import quiet_gc
from opsterm.core.text import clean_bytes
from opsterm.policy.approval import POLICY


async def query(context: Context) -> int:
    """Run at once what only reads, and propose anything else."""
    return await look(context, await context.runtime.changes.query(await proposal_of(context)))


async def look(context: Context, change: Change) -> int:
    """Run a query that was recorded, if it may run at once, and print what came; return the exit code."""
    if change.state is not ChangeState.APPROVED or change.decided_by != POLICY:
        return await _not_run(context, change)
    if context.invocation.yes("each") and not context.printer.json:
        return await run_here(context, change)
    await open_vault_for(context, change)
    context.runtime.follow()
    quiet_gc(collect=False)
    with context.runtime.hub.listen("progress on the command line", ChangeTargetEnded) as ear:
        async with asyncio.TaskGroup() as group:
            group.create_task(_show_progress(context, change, ear))
            ended = await run_to_the_end(context, change)
            ear.close()
    if isinstance(ended, OpstermError):
        raise ended
    compared = await context.runtime.changes.comparison(ended)
    if context.printer.json:
        _print_records(context, ended, compared)
    else:
        _print_groups(context, ended, compared)
    return exit_code(ended)


async def _not_run(context: Context, change: Change) -> int:
    """Say that it waits for an approval, and why."""
    if context.printer.json:
        for outcome in change.outcomes:
            context.printer.record(_record(change, outcome, None, 0, odd=False))
    describe(context, change)
    context.printer.say(
        f"It may change something, so it was not run: {change.name} waits for an approval.\n"
        f"Read it and approve it: opsterm approve {change.name}"
    )
    return ExitCode.REFUSED


async def _show_progress(context: Context, change: Change, ear: Ear) -> None:
    """Say on a terminal how far it is, a few times a second, until the ear is closed."""
    clock, began = context.runtime.clock, context.runtime.clock.monotonic()
    outcomes = {outcome.target: outcome for outcome in change.outcomes}
    async for facts in ear.batches(pause_s=0.2):
        for fact in facts:
            if isinstance(fact.event, ChangeTargetEnded) and fact.event.change == change.id:
                outcomes[fact.event.target] = Outcome(
                    target=fact.event.target, state=OutcomeState(fact.event.state)
                )  # fmt: skip
        said = progress_text(list(outcomes.values()), running_s=clock.monotonic() - began)
        context.printer.progress(f"{change.name}: {said}")
    context.printer.progress("")


def _print_groups(context: Context, change: Change, compared: Comparison) -> None:
    printer = context.printer
    many = len(change.outcomes) > 1
    for number, group in enumerate(compared.groups):
        if many:
            printer.line(f"== {group.title}")
        if group.difference is not None and group.data:
            printer.block("\n".join(group.difference))
        elif group.data:
            printer.block(clean_bytes(group.data, limit=10 * len(group.data)))
        if group.exit_status is None and group.message:
            printer.say(group.message)
        if group.cut_bytes:
            printer.say(f"{group.folded}: {group.cut_bytes} more bytes came and were not kept.")
        if many and number + 1 < len(compared.groups):
            printer.line()
    if compared.odd:
        printer.say(f"They differ from the most: --on '{compared.odd}'")
    printer.say(f"{change.name} {change.state}: {exit_summary(change.outcomes)}.")


def _print_records(context: Context, change: Change, compared: Comparison) -> None:
    groups = {name: (number, group) for number, group in enumerate(compared.groups, 1) for name in group.names}
    for outcome in change.outcomes:
        number, group = groups[outcome.target]
        context.printer.record(_record(change, outcome, group, number, odd=bool(compared.odd) and number > 1))


def _record(
    change: Change, outcome: Outcome, group: OutputGroup | None, number: int, *, odd: bool
) -> dict[str, object]:
    """Return one target's result with the keys of `json_keys.QUERY_KEYS`."""
    return {
        "change": change.name,
        "target": outcome.target,
        "state": outcome.state,
        "exit_status": outcome.exit_status,
        "signal": outcome.signal,
        "output": group.data.decode("utf-8", errors="backslashreplace") if group is not None else "",
        "output_bytes": outcome.output_bytes,
        "kept_bytes": outcome.kept_bytes,
        "message": outcome.message,
        "group": number,
        "odd": odd,
    }
