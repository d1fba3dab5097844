"""Verbs of recommendations."""

from __future__ import annotations

from collections.abc import Mapping

from opsterm.cli.run import Context
from opsterm.core.errors import ExitCode
from opsterm.core.units import parse_duration
from opsterm.knowledge.recommendations import Recommendation


async def list_recommendations(context: Context) -> int:
    """List what could be made easier."""
    use, printer = context.runtime.recommendations, context.printer
    found = await use.list(dismissed=context.invocation.yes("all"))
    until = await use.dismissed()
    for one in found:
        if printer.json:
            printer.record(_record(one, until))
            continue
        printer.line(f"{one.id}  {one.text}{' (dismissed)' if one.id in until else ''}")
        printer.line(f"   {one.why}")
        printer.line(f"   $ {one.command}")
    if not found:
        printer.say("Nothing is recommended." if use.on else "The setting learning.commands is off.")
    elif not printer.json:
        printer.say("`opsterm recommendations dismiss ID` hears of one no more, --for 30d for a time.")
    return ExitCode.DONE


async def dismiss(context: Context) -> int:
    """Hear of one no more."""
    asked, use = context.invocation, context.runtime.recommendations
    length = asked.text("for_")
    found = await use.dismiss(asked.text("id"), for_s=parse_duration(length) if length else 0.0)
    if context.printer.json:
        context.printer.record(_record(found, await use.dismissed()))
    context.printer.say(f"{found.id} is dismissed {f'for {length}' if length else 'for good'}: {found.text}")
    return ExitCode.DONE


async def restore(context: Context) -> int:
    """Hear of one again."""
    name = context.invocation.text("id")
    await context.runtime.recommendations.restore(name)
    if context.printer.json:
        context.printer.record({"id": name})
    context.printer.say(f"{name} is heard of again.")
    return ExitCode.DONE


def _record(one: Recommendation, until: Mapping[str, float]) -> dict[str, object]:
    """Return one with the keys of `json_keys`; dismissed until 0 is for good, null is not at all."""
    return {
        "id": one.id, "kind": one.kind, "text": one.text, "why": one.why, "line": one.line or None,
        "command": one.command, "dismissed_until": until.get(one.id),
    }  # fmt: skip
