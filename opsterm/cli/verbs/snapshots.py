"""Verbs of recovery points on this host."""

from __future__ import annotations

import stat
from collections.abc import Sequence
from dataclasses import replace

from opsterm.changes.recovery.point import PointEntry, RecoveryPoint
from opsterm.changes.recovery.wish import things_of
from opsterm.cli.run import Context
from opsterm.cli.verbs.changes import tell_proposed
from opsterm.cli.verbs.jobs import say_jobs
from opsterm.cli.verbs.volumes import restore as restore_volumes
from opsterm.cli.verbs.volumes import take as take_of_volumes
from opsterm.core.errors import ExitCode
from opsterm.core.text import clean_line
from opsterm.core.units import age_text, bytes_text, parse_duration, seconds_text
from opsterm.runtime.recovery import TakeWish
from opsterm.runtime.recovery_copies import restore_proposal
from opsterm.runtime.removals import SeenAside
from opsterm.runtime.snapshot_jobs import SNAPSHOT

SHOWN_ENTRIES = 40


def _record(point: RecoveryPoint, *, baseline: bool = False) -> dict[str, object]:
    return {
        "id": point.name, "target": point.target, "taken_at": point.taken_at, "label": point.label,
        "origin": point.origin, "become": point.become, "things": [str(thing) for thing in point.things],
        "entries": point.entries, "bytes": point.bytes, "sent_bytes": point.sent_bytes,
        "stored_bytes": point.stored_bytes, "took_s": point.took_s, "digest": point.digest, "baseline": baseline,
    }  # fmt: skip


def _things(point: RecoveryPoint) -> str:
    shown = [str(thing) for thing in point.things[:3]]
    more = [f"{len(point.things) - 3} more"] if len(point.things) > 3 else []
    return ", ".join([*shown, *more])


async def take(context: Context) -> int:
    """Take a point of each target."""
    asked = context.invocation
    if asked.text("with"):
        return await take_of_volumes(context)
    paths, become = asked.texts("paths"), asked.text("become")
    if become.startswith("/"):  # no account: the first path, which the parser took for one
        paths, become = [become, *paths], "root"
    things = things_of(paths, asked.texts("unit"), asked.texts("also"))
    wish = TakeWish(selector=asked.text("on"), things=things, label=asked.text("label"), become=become)
    taken = await context.runtime.recovery.take(wish)
    for one in taken:
        point = one.point
        if context.printer.json:
            error = one.error
            context.printer.record({
                **(_record(point) if point else {"target": one.target}), "error": error.what if error else "",
                "why": error.why if error else "", "next_step": error.next_step if error else "",
            })  # fmt: skip
        elif point is not None:
            context.printer.line(f"{point.name}  {point.target}  {_things(point)}")
            context.printer.say(
                f"{point.entries} files, folders and links with {bytes_text(point.bytes)}: "
                f"{bytes_text(point.sent_bytes)} came over the line, {bytes_text(point.stored_bytes)} were new, "
                f"in {seconds_text(point.took_s)}."
            )
        elif one.error is not None:
            context.printer.say(f"{one.target}: {one.error}")
    failed = [one.error for one in taken if one.error is not None]
    if len(failed) == len(taken) and failed:
        return failed[0].exit_code if len(failed) == 1 else ExitCode.UNREACHABLE
    return ExitCode.SOME_FAILED if failed else ExitCode.DONE


async def list_points(context: Context) -> int:
    """List points, newest first."""
    recovery, now = context.runtime.recovery, context.runtime.clock.now()
    points = await recovery.points(context.invocation.text("selector"))
    baselines = await recovery.baselines.numbers()
    if context.printer.json:
        for point in points:
            context.printer.record(_record(point, baseline=point.number in baselines))
        return ExitCode.DONE
    if points:
        context.printer.table(
            ("point", "target", "taken", "files", "size", "added", "by", "label", "what"),
            [
                (
                    f"{p.name}{' baseline' if p.number in baselines else ''}", p.target,
                    f"{age_text(now - p.taken_at)} ago", str(p.entries), bytes_text(p.bytes),
                    bytes_text(p.stored_bytes), p.origin, p.label, _things(p),
                )
                for p in points
            ],
            right=("taken", "files", "size", "added"),
        )  # fmt: skip
    room = await recovery.room()
    context.printer.say(
        f"{room.points} recovery point{'s' * (room.points != 1)}: {bytes_text(room.plain_bytes)} of different contents "
        f"in {bytes_text(room.disk_bytes)} on this host, {bytes_text(room.free_bytes)} free. The key is {room.key}."
    )
    await say_jobs(context, kind=SNAPSHOT)
    return ExitCode.DONE


async def show(context: Context) -> int:
    """Show one point."""
    recovery = context.runtime.recovery
    point = await recovery.point(context.invocation.text("id"))
    baseline = point.number in await recovery.baselines.numbers()
    entries = [(part, entry) for part in point.parts for entry in await recovery.entries(part)]
    if context.printer.json:
        shown = [_entry_record(entry) for _, entry in entries]
        context.printer.record({**_record(point, baseline=baseline), "files": shown})
        return ExitCode.DONE
    age = age_text(context.runtime.clock.now() - point.taken_at)
    for label, text in (
        ("point", f"{point.name}{', a baseline' if baseline else ''}"), ("target", point.target),
        ("taken", f"{age} ago, {point.origin}"), ("label", point.label), ("as", point.become),
        ("size", f"{bytes_text(point.bytes)} in {point.entries} files, folders and links"),
        ("added", f"{bytes_text(point.stored_bytes)} here; {bytes_text(point.sent_bytes)} came over the line"),
        ("digest", point.digest),
        *(("holds", str(part.thing)) for part in point.parts),
    ):  # fmt: skip
        if text:
            context.printer.line(f"{label:8} {text}")
    limit = len(entries) if context.invocation.yes("all") else SHOWN_ENTRIES
    for _, entry in entries[:limit]:
        context.printer.line(_entry_line(entry))
    if len(entries) > limit:
        context.printer.say(f"{len(entries) - limit} more: opsterm snapshot show {point.name} --all")
    return ExitCode.DONE


def _entry_record(entry: PointEntry) -> dict[str, object]:
    return {
        "path": entry.path, "kind": entry.kind, "mode": f"{stat.S_IMODE(entry.mode):04o}", "user": entry.user,
        "group": entry.group, "changed_at": entry.changed_at, "size": entry.size, "sha256": entry.sha256,
        "link": entry.link,
    }  # fmt: skip


def _entry_line(entry: PointEntry) -> str:
    size = bytes_text(entry.size) if entry.kind == "file" else entry.kind
    link = f" -> {entry.link}" if entry.link else ""
    owner = f"{entry.user}:{entry.group}"
    return f"{stat.S_IMODE(entry.mode):04o}  {owner:<11} {size:>8}  {clean_line(entry.path, limit=300)}{link}"


async def diff(context: Context) -> int:
    """Say how things differ."""
    asked, recovery = context.invocation, context.runtime.recovery
    before = await recovery.point(asked.text("id"))
    after = await recovery.point(asked.text("other")) if asked.text("other") else None
    found = await recovery.comparison.differences(before, after, lines=not asked.yes("brief"))
    for one in found:
        if context.printer.json:
            context.printer.record(one)
            continue
        how = f"  {', '.join(one.how)}" if one.how else ""
        context.printer.line(f"{one.what:8} {one.path or one.thing}{how}")
        for line in one.lines:
            context.printer.line(f"         {line}")
    where = after.name if after is not None else f"{before.target} now"
    context.printer.say(f"{len(found)} difference{'s' * (len(found) != 1)} between {before.name} and {where}.")
    return ExitCode.SOME_FAILED if found else ExitCode.DONE


async def verify(context: Context) -> int:
    """Read all of points and hash it again."""
    checked = await context.runtime.recovery.verify(context.invocation.texts("ids"))
    for one in checked:
        if context.printer.json:
            context.printer.record({"id": one.name, "whole": not one.faults, "faults": one.faults})
        elif one.faults:
            context.printer.line(f"{one.name:6} damaged  {' '.join(one.faults)}")
        else:
            context.printer.line(f"{one.name:6} whole")
    bad = sum(1 for one in checked if one.faults)
    context.printer.say(f"{len(checked) - bad} whole, {bad} not.")
    return ExitCode.SOME_FAILED if bad else ExitCode.DONE


async def prune(context: Context) -> int:
    """Throw points away."""
    asked, recovery = context.invocation, context.runtime.recovery
    given = {word: asked.number(f"keep_{word}") for word in ("last", "daily", "weekly", "monthly")}
    policy = replace(recovery.retention, **{word: count for word, count in given.items() if count is not None})
    plan = await recovery.plan_prune(policy, asked.texts("ids"))
    dry = asked.yes("dry_run")
    done = plan if dry else await recovery.prune(plan)
    for point in done.gone:
        if context.printer.json:
            context.printer.record({"id": point.name, "target": point.target, "gone": not dry})
        else:
            context.printer.line(f"{point.name:6} {'would go' if dry else 'gone':9} {point.target}  {_things(point)}")
    if not context.printer.json:
        for number, why in sorted(done.kept.items()):
            context.printer.say(f"r{number:<5} stays     {why}")
    freed = "" if dry else f", {bytes_text(done.freed_bytes)} became free"
    context.printer.say(f"{len(done.gone)} {'would go' if dry else 'gone'}, {len(done.kept)} stay{freed}.")
    return ExitCode.DONE


async def restore(context: Context) -> int:
    """Propose to put back what a point holds."""
    if context.invocation.text("id").lower().startswith("c"):
        return await restore_volumes(context)
    point = await context.runtime.recovery.point(context.invocation.text("id"))
    if only := context.invocation.texts("only"):
        point = await context.runtime.recovery_selection.part_of(point, only)
        context.printer.say(f"{point.name} is {point.label}: {_things(point)}")
    proposal = restore_proposal(point, reason=context.invocation.text("reason"), origin="command line")
    tell_proposed(context, await context.runtime.changes.propose(proposal))
    return ExitCode.DONE


async def baseline(context: Context) -> int:
    """Let a point say how its target should be, or no longer."""
    recovery, off = context.runtime.recovery, context.invocation.yes("off")
    point = await recovery.point(context.invocation.text("id"))
    others: tuple[int, ...] = ()
    if off:
        await recovery.baselines.drop(point)
    else:
        others = await recovery.baselines.choose(point)
    if context.printer.json:
        context.printer.record({"id": point.name, "target": point.target, "baseline": not off})
    instead = f" instead of {', '.join(f'r{number}' for number in others)}" if others else ""
    said = "no longer says" if off else "says"
    context.printer.say(f"{point.name} {said} how {point.target} should be{instead}.")
    return ExitCode.DONE


async def removed(context: Context) -> int:
    """List what was moved aside and is still there."""
    seen = await context.runtime.removals.look(context.invocation.text("selector"))
    now = context.runtime.clock.now()
    if context.printer.json:
        for one in seen:
            folder = one.folder
            context.printer.record({
                "target": folder.target, "path": folder.path, "become": folder.become, "change": f"c{folder.change}",
                "at": folder.at, "state": one.state, "bytes": one.size, "why": one.why,
            })  # fmt: skip
        return _seen_code(seen)
    there = [one for one in seen if one.state == "there"]
    if there:
        context.printer.table(
            ("target", "age", "size", "by", "folder"),
            [
                (
                    one.folder.target, age_text(now - one.folder.at), bytes_text(one.size), f"c{one.folder.change}",
                    one.folder.path,
                )
                for one in there
            ],
            right=("age", "size"),
        )  # fmt: skip
    _say_unknown(context, seen)
    gone = sum(one.state == "gone" for one in seen)
    context.printer.say(f"{len(there)} with {bytes_text(sum(one.size for one in there))}; {gone} no longer there.")
    return _seen_code(seen)


async def discard(context: Context) -> int:
    """Propose to throw away what was moved aside."""
    asked, removals = context.invocation, context.runtime.removals
    before = context.runtime.clock.now() - parse_duration(asked.text("older"))
    seen = [one for one in await removals.look(asked.text("selector")) if one.folder.at <= before]
    _say_unknown(context, seen)
    for proposal in await removals.proposals(seen, reason=asked.text("reason"), origin="command line"):
        tell_proposed(context, await context.runtime.changes.propose(proposal))
    return ExitCode.DONE


def _say_unknown(context: Context, seen: Sequence[SeenAside]) -> None:
    for one in seen:
        if one.state == "unknown":
            context.printer.say(f"{one.folder.target}: {one.folder.path}: {one.why}")


def _seen_code(seen: Sequence[SeenAside]) -> ExitCode:
    unknown = sum(one.state == "unknown" for one in seen)
    if not unknown:
        return ExitCode.DONE
    return ExitCode.SOME_FAILED if unknown < len(seen) else ExitCode.UNREACHABLE
