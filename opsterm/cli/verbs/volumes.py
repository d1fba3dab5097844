"""Verbs of snapshots that targets' own file systems take."""

from __future__ import annotations

from opsterm.changes.volumes import VolumeKind
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import tell_proposed
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import age_text
from opsterm.runtime.changes import change_number
from opsterm.runtime.proposal import Proposal
from opsterm.runtime.volume_snapshots import VolumeWish


async def take(context: Context) -> int:
    """Propose to let file systems take snapshots."""
    asked = context.invocation
    if asked.texts("unit") or asked.texts("also"):
        raise BadInput("A snapshot of a file system holds no state of units and programs: leave out --unit and --also.")
    word, become = asked.text("with"), asked.text("become")
    paths = [*([become] if become.startswith("/") else []), *asked.texts("paths")]
    wish = VolumeWish(
        selector=asked.text("on"), paths=tuple(paths), kind=None if word == "auto" else VolumeKind(word),
        become="root" if become.startswith("/") else become, reason=asked.text("label"),
    )  # fmt: skip
    found = await context.runtime.volume_snapshots.taking(wish, origin="command line")
    if not found.proposals:
        why = "; ".join(f"{name}: {why}" for name, why in found.without.items())
        raise BadInput("No snapshot can be taken.", why=why)
    for name, why in found.without.items():
        context.printer.say(f"{name}: {why}")
    await _propose(context, found.proposals)
    return ExitCode.SOME_FAILED if found.without else ExitCode.DONE


async def list_volumes(context: Context) -> int:
    """List the snapshots that changes have taken."""
    seen = await context.runtime.volume_snapshots.look(context.invocation.text("selector"))
    now = context.runtime.clock.now()
    if context.printer.json:
        for one in seen:
            made = one.snapshot
            context.printer.record({
                "target": made.target, "kind": made.kind, "name": made.name, "origin": made.origin,
                "become": made.become, "change": f"c{made.change}", "at": made.at, "state": one.state, "why": one.why,
            })  # fmt: skip
    elif seen:
        context.printer.table(
            ("target", "kind", "taken", "by", "state", "snapshot"),
            [
                (
                    one.snapshot.target, one.snapshot.kind, f"{age_text(now - one.snapshot.at)} ago",
                    f"c{one.snapshot.change}", f"{one.state} {one.why}".strip(), one.snapshot.name,
                )
                for one in seen
            ],
        )  # fmt: skip
    unknown = sum(one.state == "unknown" for one in seen)
    context.printer.say(f"{sum(one.state == 'there' for one in seen)} there, {unknown} not known.")
    return ExitCode.SOME_FAILED if unknown else ExitCode.DONE


async def restore(context: Context) -> int:
    """Propose to put volumes back."""
    asked, snapshots = context.invocation, context.runtime.volume_snapshots
    proposals = await snapshots.reverting(
        change_number(asked.text("id")), asked.text("on"), reason=asked.text("reason"), origin="command line"
    )
    return await _propose(context, proposals)


async def drop(context: Context) -> int:
    """Propose to remove snapshots."""
    asked, snapshots = context.invocation, context.runtime.volume_snapshots
    proposals = await snapshots.dropping(
        change_number(asked.text("id")), asked.text("on"), reason=asked.text("reason"), origin="command line"
    )
    return await _propose(context, proposals)


async def _propose(context: Context, proposals: list[Proposal] | tuple[Proposal, ...]) -> int:
    for proposal in proposals:
        tell_proposed(context, await context.runtime.changes.propose(proposal))
    return ExitCode.DONE
