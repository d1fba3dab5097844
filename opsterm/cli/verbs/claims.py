"""Verbs of claims, and what is asked before a change runs beside those of others."""

from __future__ import annotations

from collections.abc import Sequence

from opsterm.changes.change import Change
from opsterm.changes.claim import Claim, claim_lines
from opsterm.cli.prompt import ask_line, is_asked_on_a_terminal
from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode
from opsterm.core.units import age_text, parse_duration
from opsterm.inventory.folding import fold


async def take(context: Context) -> int:
    """Claim targets by hand."""
    asked = context.invocation
    taken = await context.runtime.claims.take(
        asked.text("on"), for_s=parse_duration(asked.text("for_")), reason=asked.text("reason"),
        despite=asked.text("despite_claim"),
    )  # fmt: skip
    _print(context, taken)
    context.printer.say(f"{fold([claim.target for claim in taken])}: claimed by {taken[0].by}.")
    return ExitCode.DONE


async def release(context: Context) -> int:
    """Give up claims by hand."""
    asked = context.invocation
    given_up = await context.runtime.claims.release(
        asked.text("on"), reason=asked.text("reason"), of_others=asked.yes("of_others")
    )
    _print(context, given_up)
    context.printer.say(f"{fold([claim.target for claim in given_up])}: claimed no more.")
    return ExitCode.DONE


async def list_claims(context: Context) -> int:
    """List who is changing which target."""
    found = await context.runtime.claims.all(context.invocation.text("on"))
    _print(context, found)
    if context.printer.json:
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("target", "by", "how", "change", "since", "left", "reason"),
        [
            (one.target, one.by, one.kind, one.change, f"{age_text(now - one.since)} ago",
             "" if one.until is None else age_text(one.until - now), one.reason)
            for one in found
        ],
        right=("since", "left"),
    )  # fmt: skip
    if not found:
        context.printer.say("Nobody claims a target. A change does from its approval to its end.")
    return ExitCode.DONE


def _print(context: Context, claims: Sequence[Claim]) -> None:
    for one in claims if context.printer.json else ():
        context.printer.record({
            "target": one.target, "kind": one.kind, "by": one.by, "change": one.change, "reason": one.reason,
            "since": one.since, "until": one.until,
        })  # fmt: skip


async def describe_claims(context: Context, change: Change) -> None:
    """Tell who claims the targets of a change that may still run."""
    for number, line in enumerate(claim_lines(await context.runtime.claims.in_the_way(change), _now(context))):
        context.printer.say(f"{'' if number else 'claims':<8}{line}")


async def despite_claims(context: Context, change: Change) -> str:
    """Return why a change runs beside the claims of others, "" where there are none; wait or ask where that is wanted.

    Raises:
        Refused: others have claimed some of its targets.
    """
    room, despite = context.runtime.claims, context.invocation.text("despite_claim")
    claims = await room.in_the_way(change)
    if claims and context.invocation.yes("wait"):
        context.runtime.follow()
        context.printer.say(f"{change.name} waits: {'. '.join(claim_lines(claims, _now(context)))}.")
        await room.wait(change)
        claims = []
    if claims and not despite and room.may_go_on and is_asked_on_a_terminal():
        context.printer.say("\n".join([*claim_lines(claims, _now(context)), "It can be run beside that."]))
        despite = await ask_line("Why is it run all the same? An empty line leaves it: ")
    await room.passage(change, despite)
    return despite


def _now(context: Context) -> float:
    return context.runtime.clock.now()
