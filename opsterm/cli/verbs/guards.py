"""Verbs about changes that their targets take back unless they are confirmed."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.changes.change import Change
from opsterm.changes.guard import guard_of, standing_line
from opsterm.changes.summary import line
from opsterm.changes.way_back.words import KeeperStep
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import named_change, settle
from opsterm.cli.verbs.jobs import say_jobs
from opsterm.cli.verbs.running import open_vault_for
from opsterm.core.errors import ExitCode
from opsterm.core.units import parse_duration
from opsterm.runtime.guards import GuardSeen


async def status(context: Context) -> int:
    """Say what waits where, and what became of it."""
    await settle(context)
    guards = context.runtime.guards
    if context.invocation.text("id"):
        changes: Sequence[Change] = [await named_change(context)]
    else:
        changes = await guards.open_changes()
    every: list[GuardSeen] = []
    for one in changes:
        await open_vault_for(context, one)
        change, seen = await guards.look(one)
        every += seen
        _tell(context, change, seen)
        if not context.printer.json:
            context.printer.say(line(change, context.runtime.clock.now()))
            if not seen:
                _say_why_none(context, change)
    if not changes:
        context.printer.say("Nothing waits to be confirmed.")
    if not context.invocation.text("id") and not context.printer.json:
        await say_jobs(context, only_failed=True)
    return _code([one for one in every if one.is_open])


def _say_why_none(context: Context, change: Change) -> None:
    if not guard_of(change.order).seconds:
        context.printer.say(f"{change.name} has no guard: no target takes it back by itself.")
    else:
        context.printer.say(f"Nothing of {change.name} was changed on any target yet.")


async def confirm(context: Context) -> int:
    """Keep a change."""
    return await _act(context, KeeperStep.CONFIRM)


async def extend(context: Context) -> int:
    """Give a change more time."""
    return await _act(context, KeeperStep.EXTEND, seconds=round(parse_duration(context.invocation.text("time"))))


async def revert(context: Context) -> int:
    """Have targets take a change back now."""
    return await _act(context, KeeperStep.REVERT)


async def _act(context: Context, step: KeeperStep, *, seconds: int = 0) -> int:
    change, on = await named_change(context), context.invocation.text("on")
    rows = await context.runtime.inventory.resolve(on) if on else []
    await open_vault_for(context, change)
    seen = await context.runtime.guards.act(
        change.id, step, on=[row.target.name for row in rows], seconds=seconds
    )  # fmt: skip
    _tell(context, await context.runtime.changes.get(change.id), seen)
    return _code(seen)


def _tell(context: Context, change: Change, seen: Sequence[GuardSeen]) -> None:
    now = context.runtime.clock.now()
    for one in seen:
        left = max(0.0, one.due_at - now) if one.due_at else 0.0
        if context.printer.json:
            context.printer.record(
                {
                    "change": change.name, "change_state": change.state, "target": one.target, "state": one.state,
                    "left_s": round(left, 1), "due_at": one.due_at, "log_in": one.log_in, "said": one.said,
                    "verified": one.verified if one.seen else None, "seen": list(one.seen), "heard_at": one.at,
                    "answered": one.answered, "fault": one.fault,
                }
            )  # fmt: skip
            continue
        said = standing_line(one.state, left, change.name)
        context.printer.line(" ".join(filter(None, (f"{one.target}: {said}", one.healthy, one.said))))
        if one.fault:
            context.printer.say(f"{one.target}: {one.fault}")


def _code(seen: Sequence[GuardSeen]) -> ExitCode:
    """Return the number a script sees: by how many of these targets did what was asked for."""
    bad = [one for one in seen if one.fault]
    if not bad:
        return ExitCode.DONE
    if len(bad) < len(seen):
        return ExitCode.SOME_FAILED
    return ExitCode.REFUSED if any(one.answered for one in bad) else ExitCode.UNREACHABLE
