"""Verbs of the inventory."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path

from opsterm.cli.invocation import Invocation
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import age_text
from opsterm.inventory.target import Protocol, Target, TargetRow
from opsterm.runtime.imports import ImportSource, export_targets


def _record(row: TargetRow) -> dict[str, object]:
    return {**asdict(row.target), "status": row.status, "last_seen": row.last_seen, "note": row.note}


async def list_targets(context: Context) -> int:
    """Print the targets that a selector chooses."""
    selection = context.runtime.inventory.select(context.invocation.text("selector"))
    if context.printer.json:
        for row in selection.rows:
            context.printer.record(_record(row))
        return ExitCode.DONE
    now = context.runtime.clock.now()
    context.printer.table(
        ("name", "status", "seen", "address", "os", "groups", "tags", "note"),
        [
            (
                row.target.name,
                row.status,
                f"{age_text(now - row.last_seen)} ago" if row.last_seen else "never",
                row.target.reach,
                row.target.os,
                ",".join(row.target.groups),
                ",".join(row.target.tags),
                row.note,
            )
            for row in selection.rows
        ],
        right=("seen",),
    )
    context.printer.say(f"{len(selection.rows)} of {selection.total} targets: {selection.canonical}")
    return ExitCode.DONE


async def show_targets(context: Context) -> int:
    """Print everything that is known of one target."""
    target = await context.runtime.inventory.get(context.invocation.text("name"))
    row = context.runtime.inventory.row(target.name) or TargetRow(target=target)
    if context.printer.json:
        context.printer.record(_record(row))
        return ExitCode.DONE
    for name, value in _record(row).items():
        words = ", ".join(map(str, value)) if isinstance(value, tuple) else "" if value is None else str(value)
        if words:
            context.printer.line(f"{name:12} {words}")
    return ExitCode.DONE


def _given(invocation: Invocation, before: Target) -> Target:
    """Return a target with the fields that were given on the line."""
    made = before
    if invocation.values.get("address") is not None:
        made = replace(made, address=invocation.text("address"))
    if invocation.values.get("os") is not None:
        made = replace(made, os=invocation.text("os"))
    if invocation.values.get("user") is not None:
        made = replace(made, user=invocation.text("user"))
    if invocation.values.get("environment") is not None:
        made = replace(made, environment=invocation.text("environment"))
    if invocation.values.get("site") is not None:
        made = replace(made, site=invocation.text("site"))
    if invocation.values.get("protocol") is not None:
        made = replace(made, protocol=Protocol(invocation.text("protocol")))
    port = invocation.number("port")
    if port is not None:
        if not 1 <= port <= 65535:
            raise BadInput(f"{port} is not a port.", next_step="A port is between 1 and 65535.")
        made = replace(made, port=port)
    if invocation.values.get("group") is not None:
        made = replace(made, groups=tuple(invocation.texts("group")))
    if invocation.values.get("tag") is not None:
        made = replace(made, tags=tuple(sorted(invocation.texts("tag"))))
    return made


async def add_targets(context: Context) -> int:
    """Add one target."""
    made = await context.runtime.inventory.add(_given(context.invocation, Target(name=context.invocation.text("name"))))
    return _show(context, made)


async def edit_targets(context: Context) -> int:
    """Change one target."""
    name = context.invocation.text("name")
    before = await context.runtime.inventory.get(name)
    return _show(context, await context.runtime.inventory.edit(name, _given(context.invocation, before)))


def _show(context: Context, target: Target) -> int:
    if context.printer.json:
        context.printer.record(asdict(target))
    else:
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
            context.printer.record(asdict(target))
    context.printer.say(f"{len(changed)} targets changed.")
    return ExitCode.DONE


async def import_targets(context: Context) -> int:
    """Take targets in from a file."""
    report = await context.runtime.inventory.import_from(
        ImportSource(context.invocation.text("source")), Path(context.invocation.text("file"))
    )
    if context.printer.json:
        context.printer.record(report)
    else:
        context.printer.say(
            f"{len(report.added)} added, {len(report.changed)} changed, {report.unchanged} as they were."
        )
    for problem in report.problems:
        context.printer.say(problem)
    return ExitCode.DONE


async def export_targets_verb(context: Context) -> int:
    """Print targets in a format that import reads."""
    rows = context.runtime.inventory.select(context.invocation.text("selector")).rows
    context.printer.block(export_targets(context.invocation.text("format"), [row.target for row in rows]))
    return ExitCode.DONE


async def check_targets(context: Context) -> int:
    """See which targets answer."""
    rows = await context.runtime.inventory.resolve(context.invocation.text("selector"))
    found = await context.runtime.inventory.check([row.target.name for row in rows])
    for name, reason in sorted(found.items()):
        if context.printer.json:
            context.printer.record({"target": name, "answered": not reason, "reason": reason})
        else:
            context.printer.line(f"{name}  {reason or 'answers'}")
    silent = sum(1 for reason in found.values() if reason)
    if not silent:
        return ExitCode.DONE
    return ExitCode.UNREACHABLE if silent == len(found) else ExitCode.SOME_FAILED


async def trust_targets(context: Context) -> int:
    """Accept a host key whose fingerprint the operator has compared."""
    target = await context.runtime.inventory.get(context.invocation.text("name"))
    await context.runtime.terminals.trust(target.name, context.invocation.text("fingerprint"))
    context.printer.say(f"The key of {target.name} was added to your known_hosts.")
    return ExitCode.DONE
