"""The verb that says what a command would do, and how bad that could be."""

from __future__ import annotations

import json
from collections.abc import Iterator

from opsterm.changes.way_back.prepared import way_back_to
from opsterm.cli.arguments import command_text
from opsterm.cli.prompt import lines_of_input
from opsterm.cli.records import finding_record
from opsterm.cli.run import Context
from opsterm.core.errors import BadInput, ExitCode
from opsterm.core.text import shown_exactly
from opsterm.policy.assessment import Assessment
from opsterm.policy.compliance.review import lines_of
from opsterm.policy.effects import EffectKind
from opsterm.policy.lockout import ONLY_GUARDED, lockout_lines
from opsterm.runtime.assessments import NOWHERE, Whereabouts


async def risk(context: Context) -> int:
    """Assess one command, or each that standard input brings."""
    words = context.invocation.texts("command_words")
    where = NOWHERE
    if context.invocation.text("on"):
        await context.runtime.open(workers=False)
        where = await context.runtime.assessments.whereabouts(context.invocation.text("on"))
    shell = context.invocation.text("shell")
    if words == ["-"] or (not words and context.invocation.text("source") == "-"):
        async for line in lines_of_input():
            if line.strip():
                await _print(context, *_asked(line, shell), where)
        return ExitCode.DONE
    if not words:
        raise BadInput(
            "There is no command to assess.", next_step="Write it behind --: opsterm risk -- systemctl stop nginx"
        )
    reason = context.invocation.text("reason") or None
    found = await context.runtime.assessments.assess(
        command_text(words, shell), shell=shell, where=where, reason=reason
    )
    if context.printer.json:
        context.printer.record(record_of(found))
    else:
        for text in _described(found):
            context.printer.line(text)
    return ExitCode.DONE


async def _print(context: Context, command: str, shell: str, where: Whereabouts) -> None:
    context.printer.record(record_of(await context.runtime.assessments.assess(command, shell=shell, where=where)))


def _asked(line: str, shell: str) -> tuple[str, str]:
    """Return command and shell of a line: an object with these keys, or the command as it is."""
    if line.lstrip().startswith('{"'):
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            return line, shell
        if isinstance(found, dict) and isinstance(found.get("command"), str):
            return found["command"], str(found.get("shell") or shell)
    return line, shell


def record_of(found: Assessment) -> dict[str, object]:
    """Return an assessment as JSON has it."""
    return {
        "command": found.command,
        "shell": found.shell,
        "level": found.level,
        "decision": found.decision,
        "effects": [
            {
                "kind": effect.kind,
                "object": effect.object,
                "certainty": effect.certainty,
                "span": [effect.span.start, effect.span.end],
            }
            for effect in found.effects
        ],
        "opaque": found.opaque,
        "reasons": found.reasons,
        "lockout": found.lockout.cuts,
        "lockout_reasons": found.lockout.reasons,
        "guard": found.lockout.guard,
        "rollback": found.rollback,
        "opposite": way_back_to(found.command, found.shell).opposite,
        "compliance": [finding_record(finding) for finding in found.review.findings],
        "alternatives": found.safer,
    }


def _described(found: Assessment) -> Iterator[str]:
    """Yield the lines that a person reads."""
    yield f"risk      {found.level.upper()}   decision: {found.decision}"
    for reason in found.reasons:
        yield f"          {reason}"
    acts = [effect for effect in found.effects if effect.kind is not EffectKind.READ]
    for label, effect in zip(["effects", *[""] * len(acts)], acts, strict=False):
        shown = found.command[effect.span.start : effect.span.end]
        yield f"{label:<10}{effect.kind} {effect.object or '-'} ({effect.certainty})   {shown[:60]}"
    said = [*lockout_lines(found.lockout), *[ONLY_GUARDED] * found.lockout.cuts]
    for label, text in zip(["lockout", *[""] * 9], said, strict=False):
        yield f"{label:<10}{text}"
    yield f"back      {found.rollback}"
    way = way_back_to(found.command, found.shell)
    yield from (f"          {gap}" for gap in way.gaps)
    for label, line in zip(["opposite", *[""] * 500], way.opposite.splitlines(), strict=False):
        yield f"{label:<10}{shown_exactly(line)}"
    for label, line in zip(["rules", *[""] * len(found.review.findings)], lines_of(found.review), strict=False):
        yield f"{label:<10}{line}"
    for label, line in zip(["safer", *[""] * len(found.safer)], found.safer, strict=False):
        yield f"{label:<10}{line}"
