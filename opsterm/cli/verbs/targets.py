"""Verbs of the inventory."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from opsterm.cli.invocation import Invocation
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import age_text
from opsterm.core.width import cell_width, padded
from opsterm.inventory.fields import with_fields
from opsterm.inventory.fleet import in_natural_order
from opsterm.inventory.folding import fold_groups, fold_parts, natural_key
from opsterm.inventory.formats.json_lines import as_object
from opsterm.inventory.imports import BUILT_IN
from opsterm.inventory.target import Protocol, Target, TargetRow
from opsterm.runtime.imports import ImportSource, export_targets


def _record(row: TargetRow) -> dict[str, object]:
    return {**as_object(row.target), "status": row.status, "last_seen": row.last_seen, "note": row.note}


async def list_targets(context: Context) -> int:
    """Print the targets that a selector chooses; what looks alike as one line where people read."""
    printer = context.printer
    await context.runtime.claims.refresh()
    selection = context.runtime.inventory.select(context.invocation.text("selector"))
    if printer.json:
        for row in selection.rows:
            printer.record(_record(row))
        return ExitCode.DONE
    now = context.runtime.clock.now()
    rows = in_natural_order(selection.rows)
    folds = context.invocation.yes("fold") or (printer.for_people and not context.invocation.yes("all"))
    printer.table(
        ("name", "status", "seen", "address", "os", "groups", "tags", "note"),
        [_list_row(run, now) for run in (_folded(rows) if folds else [(row.target.name, [row]) for row in rows])],
        right=("seen",),
    )
    printer.say(f"{len(rows)} of {selection.total} targets: {selection.canonical}")
    return ExitCode.DONE


def _folded(rows: Sequence[TargetRow]) -> list[tuple[str, Sequence[TargetRow]]]:
    """Return rows whose cells are equal, apart from names, addresses and times, under one folded name."""
    alike: dict[tuple[object, ...], dict[str, TargetRow]] = {}
    for row in rows:
        target = row.target
        look = (row.status, row.note, target.os, target.groups, target.tags, row.last_seen is None)
        alike.setdefault(look, {})[target.name] = row
    runs = [
        (part.text, [names[name] for name in part.names]) for names in alike.values() for part in fold_groups(names)
    ]
    return sorted(runs, key=lambda run: natural_key(run[1][0].target.name))


def _list_row(run: tuple[str, Sequence[TargetRow]], now: float) -> tuple[str, ...]:
    text, rows = run
    first, target = rows[0], rows[0].target
    seen = min((row.last_seen for row in rows if row.last_seen), default=None)
    addresses = {row.target.reach for row in rows}
    return (
        text,
        first.status,
        f"{age_text(now - seen)} ago" if seen else "never",
        target.reach if len(addresses) == 1 else f"{len(addresses)} addresses",
        target.os,
        ",".join(target.groups),
        ",".join(target.tags),
        first.note,
    )


async def show_targets(context: Context) -> int:
    """Print everything that is known of one target."""
    target = await context.runtime.inventory.get(context.invocation.text("name"))
    await context.runtime.claims.refresh()
    row = context.runtime.inventory.row(target.name) or TargetRow(target=target)
    if context.printer.json:
        context.printer.record(_record(row))
        return ExitCode.DONE
    seen = f"{age_text(context.runtime.clock.now() - row.last_seen)} ago" if row.last_seen else "never"
    for name, value in {**_record(row), "last_seen": seen}.items():
        words = ", ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
        if words:
            context.printer.line(f"{name:12} {words}")
    return ExitCode.DONE


def _given(invocation: Invocation, before: Target) -> Target:
    """Return a target with the fields that were given on the line. Raises BadInput."""
    values = {
        name: invocation.text(name)
        for name in ("address", "os", "user", "environment", "site", "protocol", "port")
        if invocation.values.get(name) is not None
    }
    for option, name in (("group", "groups"), ("tag", "tags")):
        if invocation.values.get(option) is not None:
            values[name] = ";".join(invocation.texts(option))
    return with_fields(before, values)


async def add_targets(context: Context) -> int:
    """Add one target."""
    made = await context.runtime.inventory.add(_given(context.invocation, Target(name=context.invocation.text("name"))))
    return _kept(context, made)


async def edit_targets(context: Context) -> int:
    """Change one target."""
    name = context.invocation.text("name")
    before = await context.runtime.inventory.get(name)
    return _kept(context, await context.runtime.inventory.edit(name, _given(context.invocation, before)))


def _kept(context: Context, target: Target) -> int:
    if context.printer.json:
        context.printer.record(as_object(target))
    context.printer.say(f"{target.name}: kept.")
    return ExitCode.DONE


async def remove_targets(context: Context) -> int:
    """Take targets out of the inventory."""
    rows = await context.runtime.inventory.resolve(context.invocation.text("selector"))
    names = [row.target.name for row in rows]
    if len(names) > 1 and not context.invocation.yes("yes"):
        raise BadInput(
            f"{len(names)} targets match and would be removed.",
            why=", ".join(names[:10]) + (", …" if len(names) > 10 else ""),
            next_step="Add --yes if that is meant.",
        )
    await context.runtime.inventory.remove(names)
    for name in names:
        if context.printer.json:
            context.printer.record({"removed": name})
    context.printer.say(f"{len(names)} removed.")
    return ExitCode.DONE


async def tag_targets(context: Context) -> int:
    """Add and take away tags."""
    return await _label(context, tags=True)


async def group_targets(context: Context) -> int:
    """Add and take away groups."""
    return await _label(context, tags=False)


async def _label(context: Context, *, tags: bool) -> int:
    words = context.invocation.texts("labels")
    new = [word.removeprefix("+") for word in words if not word.startswith("-")]
    gone = [word[1:] for word in words if word.startswith("-")]
    selector = context.invocation.text("selector")
    inventory = context.runtime.inventory
    changed = (
        await inventory.label(selector, add_tags=new, remove_tags=gone)
        if tags
        else await inventory.label(selector, add_groups=new, remove_groups=gone)
    )
    if context.printer.json:
        for target in changed:
            context.printer.record(as_object(target))
    context.printer.say(f"{len(changed)} targets changed.")
    return ExitCode.DONE


async def import_targets(context: Context) -> int:
    """Take targets in from a file."""
    say, file = context.printer.say, context.invocation.text("file")
    report = await context.runtime.inventory.import_from(
        ImportSource(context.invocation.text("source")), Path("/dev/stdin" if file == "-" else file)
    )
    if context.printer.json:
        context.printer.record(report)
    say(f"{len(report.added)} added, {len(report.changed)} changed, {report.unchanged} as they were.")
    if report.missing:
        say(f"No longer in it, and still in the inventory: {_some(report.missing)}.")
    if report.kept_away:
        say(f"Removed by you earlier, and not brought back: {_some(report.kept_away)}.")
    for line in (*report.problems, *report.notes):
        say(line)
    if not report.problems:
        return ExitCode.DONE
    taken = len(report.added) + len(report.changed) + report.unchanged
    return ExitCode.SOME_FAILED if taken else ExitCode.BAD_INPUT


def _some(names: Sequence[str]) -> str:
    """Return names folded, not more than fit into a sentence."""
    parts = fold_parts(names)
    return ", ".join(parts[:10]) + (f" and {len(parts) - 10} more" if len(parts) > 10 else "")


async def export_targets_verb(context: Context) -> int:
    """Print targets in a format that import reads."""
    form = "json" if context.printer.json else context.invocation.text("format")
    selection = context.runtime.inventory.select(context.invocation.text("selector"))
    targets = [row.target for row in selection.rows if row.target.source != BUILT_IN]
    if form == "json":
        for target in targets:
            context.printer.record(as_object(target))
    else:
        context.printer.block(export_targets(form, targets))
    left_out = sum(1 for target in targets if form == "ssh_config" and target.protocol is not Protocol.SSH)
    if left_out:
        context.printer.say(f"{left_out} of {len(targets)} are not reached over SSH and were left out.")
    return ExitCode.DONE


async def check_targets(context: Context) -> int:
    """See which targets answer."""
    rows = await context.runtime.inventory.resolve(context.invocation.text("selector"))
    found = await context.runtime.inventory.check([row.target.name for row in rows])
    named = sorted(found.items(), key=lambda item: natural_key(item[0]))
    width = max((cell_width(name) for name in found), default=0)
    for name, reason in named:
        if context.printer.json:
            context.printer.record({"target": name, "answered": not reason, "reason": reason})
        else:
            context.printer.line(f"{padded(name, width)}  {reason or 'answers'}")
    silent = sum(1 for reason in found.values() if reason)
    if silent and not context.printer.json:
        answer = f"{len(found) - silent} of {len(found)} {'answers' if len(found) - silent == 1 else 'answer'}."
        context.printer.say(f"{answer} `opsterm targets test NAME` says where it fails.")
    if not silent:
        return ExitCode.DONE
    return ExitCode.UNREACHABLE if silent == len(found) else ExitCode.SOME_FAILED


async def trust_targets(context: Context) -> int:
    """Accept a host key whose fingerprint the operator has compared."""
    name = context.invocation.text("name")
    fingerprint = context.invocation.text("fingerprint")
    await context.runtime.terminals.trust(name, fingerprint)
    if context.printer.json:
        context.printer.record({"target": name, "fingerprint": fingerprint, "trusted": True})
    context.printer.say(f"The key of {name} is in your known_hosts.")
    return ExitCode.DONE
