"""Verbs of what is learned from commands."""

from __future__ import annotations

from opsterm.cli.run import Context
from opsterm.cli.verbs.knowledge import record_of
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.units import age_text
from opsterm.runtime.suggestions import RatedSuggestion

DEFAULT_LIMIT = 5
LISTED = 50


async def suggest(context: Context) -> int:
    """Suggest the end of a command, or the next one."""
    asked, printer = context.invocation, context.printer
    targets: list[str] = []
    if asked.text("target"):
        targets = [row.target.name for row in await context.runtime.inventory.resolve(asked.text("target"))]
    found = await context.runtime.suggestions.suggest(
        asked.text("prefix"), after=asked.texts("after"), targets=targets, directory=asked.text("directory"),
        limit=asked.number("limit") or DEFAULT_LIMIT,
    )  # fmt: skip
    if printer.json:
        for one in found:
            printer.record(_record(one))
        return ExitCode.DONE
    printer.table(
        ("command", "risk", "why"), [(one.suggestion.command, one.level, one.suggestion.why) for one in found]
    )
    if not found:
        on = context.runtime.settings.learning.commands
        printer.say("Nothing that you ran fits." if on else "The setting learning.commands is off.")
    return ExitCode.DONE


async def list_habits(context: Context) -> int:
    """List what is kept, the newest first."""
    printer, now = context.printer, context.runtime.clock.now()
    uses = list(await context.runtime.suggestions.uses())[::-1]
    shown = uses[: context.invocation.number("limit") or LISTED]
    if printer.json:
        for one in shown:
            printer.record({
                "command": one.command, "shell": one.shell, "host_class": one.host_class,
                "directory": one.directory, "at": one.at, "ended_well": one.ended_well,
                "change": f"c{one.change}" if one.change else None,
            })  # fmt: skip
        return ExitCode.DONE
    ends = {True: "well", False: "not well", None: ""}
    printer.table(
        ("when", "command", "on", "in", "end"),
        [
            (
                f"{age_text(max(0.0, now - one.at))} ago",
                one.command,
                one.host_class,
                one.directory,
                ends[one.ended_well],
            )
            for one in shown
        ],
    )
    printer.say(f"{len(uses):,} kept. `opsterm habits forget COMMAND` forgets one, --all everything.")
    return ExitCode.DONE


async def forget(context: Context) -> int:
    """Forget a command, or everything."""
    asked = context.invocation
    command = " ".join(asked.texts("command"))
    if bool(command) is asked.yes("all"):
        raise BadInput("Say which command is forgotten, or --all.", next_step="opsterm habits forget 'df -h'")
    uses = await context.runtime.suggestions.forget(command)
    if context.printer.json:
        context.printer.record({"command": command or None, "forgotten": uses})
    context.printer.say(f"{uses:,} {'use' if uses == 1 else 'uses'} forgotten; the audit keeps the changes themselves.")
    return ExitCode.DONE


async def workflows(context: Context) -> int:
    """List sequences that were repeated."""
    printer = context.printer
    found = await context.runtime.suggestions.workflows()
    for number, one in enumerate(found, 1):
        commands = [command for command, _ in one.commands]
        if printer.json:
            printer.record({
                "number": number, "times": one.times, "commands": commands, "host_classes": one.host_classes,
                "last_at": one.last_at,
            })  # fmt: skip
            continue
        where = f" on {', '.join(one.host_classes)}" if one.host_classes else ""
        printer.line(f"{number}  {one.times} times{where}")
        for command in commands:
            printer.line(f"   $ {command}")
    if not found:
        printer.say("No sequence was run three times with a good end.")
    elif not printer.json:
        printer.say("`opsterm habits save NUMBER ID TITLE` keeps one as a runbook.")
    return ExitCode.DONE


async def save(context: Context) -> int:
    """Keep a sequence as a runbook."""
    asked = context.invocation
    card = await context.runtime.suggestions.save(
        asked.number("number") or 0, card_id=asked.text("id"), title=" ".join(asked.texts("title"))
    )
    if context.printer.json:
        context.printer.record(record_of(card))
    context.printer.say(f"Kept: {card.id}. `opsterm knowledge show {card.id}` prints it.")
    return ExitCode.DONE


def _record(one: RatedSuggestion) -> dict[str, object]:
    """Return a suggestion with the keys of `json_keys.SUGGESTION_KEYS`."""
    said = one.suggestion
    return {
        "command": said.command, "risk": one.level, "why": said.why, "uses": said.uses, "well": said.well,
        "known": said.known, "after": said.after or None, "times_after": said.times_after,
        "score": round(said.score, 5),
    }  # fmt: skip
