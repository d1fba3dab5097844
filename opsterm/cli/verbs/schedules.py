"""The verb that says what a phrase of time means."""

from __future__ import annotations

from opsterm.cli.prompt import lines_of_input
from opsterm.cli.run import Context
from opsterm.cli.times import time_of
from opsterm.core.errors import BadInput, ExitCode
from opsterm.runtime.schedules import ReadPhrase


async def parse(context: Context) -> int:
    """Say what a phrase means, or each that standard input brings."""
    words = context.invocation.texts("phrase")
    said, timezone = context.invocation.text("now"), context.invocation.text("timezone")
    now = time_of(said) if said else None
    schedules = context.runtime.schedules
    if list(words) == ["-"]:
        async for line in lines_of_input():
            if line.strip():
                context.printer.record(record_of(await schedules.read(line, now=now, timezone=timezone)))
        return ExitCode.DONE
    found = await schedules.read(" ".join(words), now=now, timezone=timezone)
    if context.printer.json:
        context.printer.record(record_of(found))
    else:
        for line in described(require_schedule(found)):
            context.printer.line(line)
    return ExitCode.DONE if found.schedule is not None else ExitCode.BAD_INPUT


def require_schedule(found: ReadPhrase) -> ReadPhrase:
    """Return a phrase that is a schedule. Raises BadInput with what has to be answered first."""
    if found.schedule is None:
        raise BadInput("That is no schedule yet.", why=found.question, next_step="Say it with the answer in it.")
    return found


def record_of(found: ReadPhrase) -> dict[str, object]:
    """Return what a phrase means as JSON has it."""
    schedule = found.schedule
    start = schedule.start if schedule else None
    return {
        "phrase": found.phrase,
        "kind": schedule.kind if schedule else None,
        "cron": (schedule.cron or None) if schedule else None,
        "rrule": (schedule.rule or None) if schedule else None,
        "start": start.isoformat(timespec="minutes") if start else None,
        "timezone": schedule.timezone if schedule else None,
        "next": [time.isoformat(timespec="seconds") for time in found.times],
        "english": found.english or None,
        "question": found.question or None,
    }


def described(found: ReadPhrase) -> list[str]:
    """Return in lines what a phrase that is a schedule means, its next times, and the default that was taken."""
    schedule = found.schedule
    assert schedule is not None  # noqa: S101 (the caller has looked)
    written = schedule.cron or schedule.rule
    lines = [found.english, *([f"{schedule.kind}: {written}"] if written else [])]
    lines += [f"next: {time:%a %Y-%m-%d %H:%M %Z}" for time in found.times]
    return [*lines, *([found.question] if found.question else [])]
